import { ContainerError } from "../errors.ts";
import type { SandboxSpec } from "../runtime.ts";
import { cgroupSettings } from "./config/resources.ts";
import type { RuntimeContext } from "./context.ts";
import { networkNamespace, processNamespace, sandboxRun, sharedMemory } from "./paths.ts";
import { removePause, startPause } from "./pause.ts";
import { type SandboxRecord, sandboxRecordOf } from "./records.ts";

/**
 * Makes a pod's namespaces, shared memory and control group. There is no pause process: `unshare` binds each namespace to a file, and
 * the file keeps it alive. Its shell sets, from inside, what belongs to them: host name and sysctls.
 */
export async function makeSandbox(context: RuntimeContext, spec: SandboxSpec): Promise<SandboxRecord> {
  const { host, paths, clock, bootId } = context;
  const cgroup = sandboxCgroup(context.cgroupParent, spec);
  const settings = sysctlArguments(spec);
  await clearSandbox(context, spec.id, cgroup);
  try {
    await host.files.makeDirectory(`${sandboxRun(paths, spec.id)}/shm`, { mode: 0o700 });
    await Promise.all([makeNamespaces(context, spec, settings), makeGroup(context, spec, cgroup)]);
    const made = sandboxRecordOf(spec, { cgroup, createdAt: clock.now(), bootId });
    const record = spec.sharesProcesses ? await withPause(context, made) : made;
    await context.records.writeSandbox(record);
    return record;
  } catch (error) {
    await clearSandbox(context, spec.id, cgroup);
    throw error;
  }
}

/** The PID namespace cannot be made like the others: it lives by a process. */
async function withPause(context: RuntimeContext, record: SandboxRecord): Promise<SandboxRecord> {
  const namespaces = namespacePaths(context, { ...record, sharesProcesses: false });
  const sharedMemory = sandboxSharedMemory(context, record);
  return { ...record, pause: await startPause(context, record, { namespaces, sharedMemory }) };
}

/** Takes away namespaces, mounts and control group; its containers are gone by now. */
export async function clearSandbox(context: RuntimeContext, id: string, cgroup: string): Promise<void> {
  const { host, paths } = context;
  const directory = sandboxRun(paths, id);
  if (await host.files.exists(directory)) {
    await removePause(context, id);
    await host.mounts.unmountAll(directory);
    await host.files.remove(directory);
  }
  await host.cgroups.remove(cgroup);
}

/** Whether its namespaces are still there: a reboot takes them, and a shared PID namespace ends with its first process. */
export async function sandboxReady(
  context: RuntimeContext,
  record: SandboxRecord,
  mounted: ReadonlySet<string>,
): Promise<boolean> {
  const { bootId, pause } = record;
  if (bootId !== context.bootId) return false;
  if (pause && (await context.host.startTime(pause.pid)) !== pause.startTime) return false;
  return expectedMounts(context, record).every((path) => mounted.has(path));
}

/** The mounts that make a sandbox. */
function expectedMounts(context: RuntimeContext, record: SandboxRecord): string[] {
  const directory = sandboxRun(context.paths, record.id);
  const { ipc, network, uts } = ownNamespaces(record);
  return [
    ...(network ? [`${directory}/net`] : []),
    ...(uts ? [`${directory}/uts`] : []),
    ...(ipc ? [`${directory}/ipc`, `${directory}/shm`] : []),
    ...(record.sharesProcesses ? [processNamespace(context.paths, record.id)] : []),
  ];
}

/** Paths for the containers' configuration; absent where the pod shares the machine's. */
export function namespacePaths(
  context: RuntimeContext,
  record: SandboxRecord,
): { network?: string; ipc?: string; uts?: string; pid?: string } {
  const directory = sandboxRun(context.paths, record.id);
  const own = ownNamespaces(record);
  return {
    ...(own.network ? { network: networkNamespace(context.paths, record.id) } : {}),
    ...(own.ipc ? { ipc: `${directory}/ipc` } : {}),
    ...(own.uts ? { uts: `${directory}/uts` } : {}),
    ...(record.sharesProcesses ? { pid: processNamespace(context.paths, record.id) } : {}),
  };
}

/** The directory that is /dev/shm in the pod. */
export function sandboxSharedMemory(context: RuntimeContext, record: SandboxRecord): string {
  return record.hostIpc ? "/dev/shm" : sharedMemory(context.paths, record.id);
}

/** A pod on the machine's network also has its host name. */
function ownNamespaces(pod: { hostNetwork: boolean; hostIpc: boolean }): {
  network: boolean;
  ipc: boolean;
  uts: boolean;
} {
  return { network: !pod.hostNetwork, ipc: !pod.hostIpc, uts: !pod.hostNetwork };
}

function sandboxCgroup(parent: string, spec: SandboxSpec): string {
  const classes = { Guaranteed: "", Burstable: "/burstable", BestEffort: "/besteffort" };
  return `${parent}${classes[spec.qosClass]}/pod${spec.id}`;
}

/** The words of unshare(1) and the shell it starts. `$1` host name or "", `$2` shared memory or "", then sysctl files and values. */
const script = `set -e
[ -z "$1" ] || printf %s "$1" >/proc/sys/kernel/hostname
[ -z "$2" ] || mount -n -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m shm "$2"
shift 2
while [ $# -gt 0 ]; do printf %s "$2" >"/proc/sys/$1"; shift 2; done`;

async function makeNamespaces(
  context: RuntimeContext,
  spec: SandboxSpec,
  settings: readonly string[],
): Promise<void> {
  const { host, paths } = context;
  const directory = sandboxRun(paths, spec.id);
  const own = ownNamespaces(spec);
  const files = [...(own.network ? ["net"] : []), ...(own.ipc ? ["ipc"] : []), ...(own.uts ? ["uts"] : [])];
  await Promise.all(files.map((name) => host.files.append(`${directory}/${name}`, "")));
  const shell = [
    "sh",
    "-c",
    script,
    "sh",
    own.uts ? spec.hostname : "",
    own.ipc ? `${directory}/shm` : "",
    ...settings,
  ];
  if (files.length === 0 && settings.length === 0) return;
  await host.run({
    program: "unshare",
    arguments: [...files.map((name) => `--${name}=${directory}/${name}`), ...shell],
  });
}

async function makeGroup(context: RuntimeContext, spec: SandboxSpec, cgroup: string): Promise<void> {
  const { host, layout } = context;
  await host.cgroups.make(cgroup, { holds: "groups" });
  const { controllers } = await host.cgroups.layout();
  for (const { controller, file, value } of cgroupSettings(spec.resources, layout)) {
    if (controllers.has(controller)) await host.cgroups.write(controller, cgroup, file, value);
  }
}

/** Settings that a namespace of the pod's own confines: Kubernetes allows these, and no others. */
function sysctlArguments(spec: SandboxSpec): string[] {
  const own = ownNamespaces(spec);
  return Object.entries(spec.sysctls).flatMap(([name, value]) => {
    const path = name.replaceAll(".", "/");
    const confined =
      (own.network && path.startsWith("net/")) ||
      (own.ipc && /^(kernel\/(shm|msg)\w*|kernel\/sem|fs\/mqueue\/\w+)$/.test(path));
    if (!confined || path.split("/").includes("..")) {
      throw new ContainerError(
        "CreateContainerConfigError",
        `cannot set sysctl ${name} for pod ${spec.namespace}/${spec.name}: it is not confined to a namespace of the pod`,
      );
    }
    return [path, value];
  });
}
