import { messageOf } from "#base";
import { ContainerError } from "../errors.ts";
import type { ContainerSpec, ImageConfig } from "../runtime.ts";
import { type ContainerSurroundings, containerConfig } from "./config/container-config.ts";
import { runtimeMessage } from "./conmon.ts";
import type { RuntimeContext } from "./context.ts";
import { pauseRoot, pauseRun, processNamespace, runtimeRoot } from "./paths.ts";
import { pauseProgram } from "./pause-program.ts";
import type { ProcessIdentity, SandboxRecord } from "./records.ts";

/**
 * Starts the process that a shared PID namespace lives by: as a container of the OCI runtime, with as few rights as any, because the
 * pod's other containers see it and may be allowed to trace it. Its namespace is bound to a file, as the sandbox's others are.
 */
export async function startPause(
  context: RuntimeContext,
  sandbox: SandboxRecord,
  around: Pick<ContainerSurroundings, "namespaces" | "sharedMemory">,
): Promise<ProcessIdentity> {
  const { host, paths, engine } = context;
  const bundle = pauseRun(paths, sandbox.id);
  const config = containerConfig(pauseSpec(sandbox), {
    image: emptyImage,
    accounts: { passwd: "", group: "" },
    root: pauseRoot(paths),
    hostname: sandbox.hostname,
    ...around,
    hostPid: false,
    cgroup: `${sandbox.cgroup}/pause`,
    layout: context.layout,
    availableCapabilities: context.availableCapabilities,
    leastOomScoreAdjustment: context.leastOomScoreAdjustment,
    architecture: context.architecture,
  });
  await host.files.makeDirectory(bundle, { mode: 0o700 });
  await Promise.all([
    installProgram(context),
    host.files.write(`${bundle}/config.json`, JSON.stringify(config), { mode: 0o600, durable: false }),
    host.files.append(processNamespace(paths, sandbox.id), ""),
  ]);
  try {
    await engine.run(pauseId(sandbox.id), bundle);
  } catch (error) {
    const words = (await host.files.read(`${bundle}/log`)) ?? "";
    const why = words ? runtimeMessage(words) : messageOf(error);
    throw new ContainerError("StartError", `cannot start the pod's first process: ${why}`, error);
  }
  const pid = Number(await host.files.read(`${bundle}/pidfile`));
  const startTime = await host.startTime(pid);
  const target = processNamespace(paths, sandbox.id);
  await host.mounts.mount({ type: "bind", source: `/proc/${pid}/ns/pid`, target });
  if (startTime === undefined || (await host.startTime(pid)) !== startTime) {
    throw new ContainerError("StartError", "the pod's first process ended at once");
  }
  return { pid, startTime };
}

/** Ends it, and whatever is left in its namespace. None is fine. */
export async function removePause({ host, paths, engine }: RuntimeContext, id: string): Promise<void> {
  if (await host.files.exists(`${runtimeRoot(paths)}/${pauseId(id)}`)) await engine.delete(pauseId(id));
}

function pauseId(sandboxId: string): string {
  return `${sandboxId}-pause`;
}

/** One root file system for all: nothing is in it but the program, and nobody may write to it. */
async function installProgram({ host, paths, architecture }: RuntimeContext): Promise<void> {
  const path = `${pauseRoot(paths)}/pause`;
  const program = pauseProgram(architecture);
  const found = await host.files.readBytes(path);
  if (found && Buffer.compare(found, program) === 0) return;
  await host.files.makeDirectory(pauseRoot(paths), { mode: 0o755 });
  await host.files.write(path, program, { mode: 0o755, durable: false });
}

function pauseSpec({ id }: SandboxRecord): ContainerSpec {
  return {
    id: pauseId(id),
    sandboxId: id,
    name: "pause",
    attempt: 0,
    image: "",
    command: ["/pause"],
    environment: [],
    mounts: [],
    resources: {},
    security: {
      privileged: false,
      user: "65535:65535",
      supplementalGroups: [],
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      addCapabilities: [],
      dropCapabilities: ["ALL"],
      seccomp: "RuntimeDefault",
      runAsNonRoot: true,
    },
    terminal: false,
    stdin: false,
    // Whoever ends it ends the pod's containers.
    oomScoreAdjustment: -998,
    logPath: "",
    annotations: {},
  };
}

const emptyImage: ImageConfig = {
  user: "",
  entrypoint: [],
  command: [],
  environment: [],
  workingDirectory: "/",
  stopSignal: undefined,
  labels: {},
};
