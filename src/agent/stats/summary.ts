import type { Clock } from "#base";
import type { Host } from "#host";
import type { ContainerRuntime, ContainerStats } from "#runtime";
import { memoryField } from "../node/machine.ts";
import type { Pods } from "../pods/pods.ts";
import { rfc3339 } from "../status/time.ts";

export interface SummaryOptions {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly pods: Pods;
}

interface Usage {
  readonly time: string;
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds: number;
}

/** The kubelet's Summary API: what the node, its pods and their containers use now. */
export function createSummary(options: SummaryOptions): () => Promise<object> {
  const { runtime, pods, clock } = options;
  /** The last sample of each container: rates are taken between two questions. */
  let before = new Map<string, ContainerStats>();
  return async () => {
    const after = new Map<string, ContainerStats>();
    const summaries: object[] = [];
    for (const worker of pods.workers.values()) {
      const { name, namespace, uid } = worker.pod.metadata ?? {};
      const containers: { name: string; cpu: Usage; memory: object }[] = [];
      for (const [container, seen] of Object.entries(worker.observation.containers)) {
        if (seen.run.is !== "running") continue;
        const stats = await runtime.stats(seen.run.id);
        if (!stats) continue;
        after.set(seen.run.id, stats);
        containers.push({ name: container, ...usageOf(stats, before.get(seen.run.id)) });
      }
      summaries.push({
        podRef: { name, namespace, uid },
        startTime: rfc3339(worker.observation.startedAt),
        containers,
        ...sumOf(containers, clock.now()),
      });
    }
    before = after;
    return { node: await nodeSummary(options), pods: summaries };
  };
}

function usageOf(stats: ContainerStats, before: ContainerStats | undefined) {
  const elapsedMs = before ? stats.at - before.at : 0;
  const rate =
    before && elapsedMs > 0
      ? Math.round(((stats.cpuUsageNanoseconds - before.cpuUsageNanoseconds) / elapsedMs) * 1000)
      : undefined;
  const time = rfc3339(stats.at);
  return {
    cpu: {
      time,
      ...(rate === undefined ? {} : { usageNanoCores: rate }),
      usageCoreNanoSeconds: stats.cpuUsageNanoseconds,
    },
    memory: { time, usageBytes: stats.memoryUsageBytes, workingSetBytes: stats.memoryWorkingSetBytes },
  };
}

function sumOf(containers: readonly { cpu: Usage; memory: object }[], now: number) {
  const time = rfc3339(now);
  let nanoCores = 0;
  let nanoSeconds = 0;
  let usageBytes = 0;
  let workingSetBytes = 0;
  for (const { cpu, memory } of containers) {
    const sizes = memory as { usageBytes: number; workingSetBytes: number };
    nanoCores += cpu.usageNanoCores ?? 0;
    nanoSeconds += cpu.usageCoreNanoSeconds;
    usageBytes += sizes.usageBytes;
    workingSetBytes += sizes.workingSetBytes;
  }
  return {
    cpu: { time, usageNanoCores: nanoCores, usageCoreNanoSeconds: nanoSeconds },
    memory: { time, usageBytes, workingSetBytes },
  };
}

async function nodeSummary({ host, clock, nodeName }: SummaryOptions): Promise<object> {
  const [stat, meminfo] = await Promise.all([
    host.files.read("/proc/stat"),
    host.files.read("/proc/meminfo"),
  ]);
  const time = rfc3339(clock.now());
  const ticks = (/^cpu +(.*)$/m.exec(stat ?? "")?.[1] ?? "").split(" ").map(Number);
  // user, nice, system, then idle and iowait, which are no use of the machine, then the interrupts.
  const busy = ticks.reduce(
    (sum, value, index) => (index === 3 || index === 4 || index > 6 ? sum : sum + value),
    0,
  );
  const total = memoryField(meminfo ?? "", "MemTotal");
  const available = memoryField(meminfo ?? "", "MemAvailable");
  return {
    nodeName,
    cpu: { time, usageCoreNanoSeconds: busy * nanosecondsPerTick },
    memory: { time, availableBytes: available, workingSetBytes: total - available },
  };
}

/** Linux reports a hundred ticks per second to programs, whatever it counts itself. */
const nanosecondsPerTick = 10_000_000;
