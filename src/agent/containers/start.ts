import { type Container, configMaps, type Pod, secrets } from "#api";
import { isAborted, messageOf } from "#base";
import { type ContainerMount, isContainerError } from "#runtime";
import type { AgentContext } from "../context.ts";
import { containerEnvironment } from "../environment/environment.ts";
import type { FieldContext } from "../environment/fields.ts";
import { podServiceVariables, type Variable } from "../environment/service-variables.ts";
import { podNameOf } from "../layout.ts";
import { ContainerFault } from "../pods/fault.ts";
import type { ExitedRun, PresentImage, RunningRun } from "../pods/observation.ts";
import { containerMounts } from "../volumes/mounts.ts";
import { containerSpec, terminationPath } from "./container-spec.ts";
import { hostnameOf } from "./sandbox-spec.ts";
import { localSeccompProfile } from "./seccomp-profile.ts";
import { targetOf } from "./target.ts";

export interface StartOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly backOffMs: number;
  readonly image: PresentImage;
  readonly fields: FieldContext;
  readonly volumePath: (volume: string) => string | undefined;
  /** Of another container of the pod, while it runs. */
  readonly runningId: (container: string) => string | undefined;
}

/** It was created, but could not be started: that counts as a run that ended. */
export class StartFailed extends Error {
  override readonly name = "StartFailed";
  readonly run: ExitedRun;

  constructor(run: ExitedRun, cause: unknown) {
    super(run.message, { cause });
    this.run = run;
  }
}

/** Creates and starts a container. Throws `ContainerFault` when nothing ran, `StartFailed` when it ended at once. */
export async function startContainer(context: AgentContext, options: StartOptions): Promise<RunningRun> {
  const { runtime, clock, random, events } = context;
  const { pod, container, attempt, image } = options;
  const about = { pod, container: container.name };
  const id = Buffer.from(random.bytes(32)).toString("hex");
  try {
    await runtime.createContainer(await specOf(context, options, id));
  } catch (error) {
    if (isAborted(error)) throw error;
    const fault = faultOf(error);
    events.warning(about, "Failed", `Error: ${fault.message}`);
    throw fault;
  }
  events.normal(about, "Created", `Created container: ${container.name}`);
  try {
    const started = await runtime.startContainer(id);
    events.normal(about, "Started", `Started container ${container.name}`);
    return { is: "running", id, attempt, startedAt: started.startedAt ?? clock.now(), image };
  } catch (error) {
    const message = messageOf(error);
    events.warning(about, "Failed", `Error: ${message}`);
    const now = clock.now();
    const ended = { is: "exited", id, attempt, image, startedAt: now, finishedAt: now } as const;
    throw new StartFailed({ ...ended, exitCode: 128, reason: "StartError", message }, error);
  }
}

async function specOf(context: AgentContext, options: StartOptions, id: string) {
  const { images, layout, machine } = context;
  const { pod, container, attempt, backOffMs } = options;
  const image = await images.resolve(options.image.id);
  if (!image)
    throw new ContainerFault(
      "CreateContainerError",
      `image "${options.image.name}" is no longer on the machine`,
    );
  const processesOf = targetOf(pod, container, options.runningId);
  const environment = await environmentOf(context, options);
  const values = new Map(environment.map(({ name, value }) => [name, value]));
  const mounts = await containerMounts(pod, container, {
    host: context.host,
    pathOf: options.volumePath,
    variable: (name) => values.get(name),
  });
  return containerSpec(pod, container, {
    id,
    attempt,
    image,
    environment,
    mounts: [...mounts, ...(await ownMounts(context, options, id, mounts))],
    seccomp: await localSeccompProfile(context, pod, container),
    logPath: layout.logFile(podNameOf(pod), container.name, attempt),
    backOffMs,
    imageName: options.image.name,
    memoryCapacityBytes: machine.memoryBytes,
    processesOf,
  });
}

function environmentOf(context: AgentContext, { pod, container, fields }: StartOptions): Promise<Variable[]> {
  const { objects } = context;
  const namespace = pod.metadata?.namespace ?? "";
  const services = podServiceVariables(context.services.values(), {
    namespace,
    links: pod.spec?.enableServiceLinks ?? true,
    kubernetes: context.kubernetes,
  });
  return containerEnvironment(pod, container, {
    configMap: (name) => objects.get(configMaps, namespace, name),
    secret: (name) => objects.get(secrets, namespace, name),
    fields,
    base: [{ name: "HOSTNAME", value: hostnameOf(pod, context.nodeName) }, ...services],
  });
}

/** Files that every container gets, unless a volume lies in their place. */
async function ownMounts(
  context: AgentContext,
  { pod, container }: StartOptions,
  id: string,
  mounts: readonly ContainerMount[],
): Promise<ContainerMount[]> {
  const { host, layout } = context;
  const uid = pod.metadata?.uid ?? "";
  const message = layout.terminationMessage(uid, container.name, id);
  await host.files.makeDirectory(message.slice(0, message.lastIndexOf("/")), { mode: 0o755 });
  // Written by whatever user the container runs as.
  await host.files.write(message, "", { mode: 0o666, durable: false });
  await host.files.changeMode(message, 0o666);
  const own = [
    { hostPath: message, containerPath: terminationPath(container) },
    { hostPath: layout.hostsFile(uid), containerPath: "/etc/hosts" },
    { hostPath: layout.resolvConf(uid), containerPath: "/etc/resolv.conf" },
    { hostPath: layout.hostnameFile(uid), containerPath: "/etc/hostname" },
  ];
  return own
    .filter(({ containerPath }) => !mounts.some((mount) => mount.containerPath === containerPath))
    .map((mount) => ({ ...mount, readOnly: false, propagation: "private" as const }));
}

function faultOf(error: unknown): ContainerFault {
  if (error instanceof ContainerFault) return error;
  if (isContainerError(error)) return new ContainerFault(error.reason, error.message, error);
  const reason =
    (error as { name?: string }).name === "ApiError" ? "CreateContainerConfigError" : "CreateContainerError";
  return new ContainerFault(reason, messageOf(error), error);
}
