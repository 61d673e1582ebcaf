import type { Clock } from "#base";
import type { FileSystemSpace, Host } from "#host";
import type { ContainerRuntime, ContainerStats } from "#runtime";
import { memoryField } from "../node/machine.ts";
import type { Observation } from "../pods/observation.ts";
import type { Pods } from "../pods/pods.ts";

export interface LookOptions {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly pods: Pods;
  /** A path on the file system that pods and images are on. */
  readonly storage: string;
}

/** What everything on the node uses at one moment. */
export interface Look {
  /** On the monotonic clock. */
  readonly at: number;
  readonly node: NodeLook;
  readonly pods: readonly PodLook[];
}

export interface NodeLook {
  /** Time that all processors together have worked since the machine started. */
  readonly cpuNanoseconds: number;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  readonly space: FileSystemSpace;
}

export interface PodLook {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly startedAt: number;
  /** By name: those that run. */
  readonly containers: ReadonlyMap<string, RunStats>;
}

interface RunStats {
  /** Of the run: another one has other figures. */
  readonly id: string;
  readonly stats: ContainerStats;
}

export async function lookAround(options: LookOptions): Promise<Look> {
  const at = options.clock.monotonicMs();
  const [node, pods] = await Promise.all([lookAtNode(options), lookAtPods(options)]);
  return { at, node, pods };
}

async function lookAtPods({ runtime, pods }: LookOptions): Promise<PodLook[]> {
  const looks: PodLook[] = [];
  for (const { pod, observation } of [...pods.workers.values()]) {
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const containers = await statsOf(runtime, observation);
    looks.push({ name, namespace, uid, startedAt: observation.startedAt, containers });
  }
  return looks;
}

/** What each running container of a pod uses. */
export async function statsOf(
  runtime: Pick<ContainerRuntime, "stats">,
  { containers }: Pick<Observation, "containers">,
): Promise<ReadonlyMap<string, RunStats>> {
  const found = new Map<string, RunStats>();
  for (const [name, { run }] of Object.entries(containers)) {
    if (run.is !== "running") continue;
    const stats = await runtime.stats(run.id);
    if (stats) found.set(name, { id: run.id, stats });
  }
  return found;
}

async function lookAtNode({ host, storage }: LookOptions): Promise<NodeLook> {
  const [stat, meminfo, space] = await Promise.all([
    host.files.read("/proc/stat"),
    host.files.read("/proc/meminfo"),
    host.files.space(storage),
  ]);
  const ticks = (/^cpu +(.*)$/m.exec(stat ?? "")?.[1] ?? "").split(" ").map(Number);
  // user, nice, system, then idle and iowait, which are no use of the machine, then the interrupts.
  const busy = ticks.reduce(
    (sum, value, index) => (index === 3 || index === 4 || index > 6 ? sum : sum + value),
    0,
  );
  const memory = {
    totalBytes: memoryField(meminfo ?? "", "MemTotal"),
    availableBytes: memoryField(meminfo ?? "", "MemAvailable"),
  };
  return { cpuNanoseconds: busy * nanosecondsPerTick, memory, space };
}

/** Linux reports a hundred ticks per second to programs, whatever it counts itself. */
const nanosecondsPerTick = 10_000_000;
