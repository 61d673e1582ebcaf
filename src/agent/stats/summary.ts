import type { ContainerStats } from "#runtime";
import { limits } from "../limits.ts";
import { rfc3339 } from "../status/time.ts";
import { type Look, type LookOptions, lookAround, type PodLook } from "./look.ts";

export interface SummaryOptions extends LookOptions {
  readonly nodeName: string;
}

/**
 * The kubelet's Summary API: what the node, its pods and their containers use now. Rates are taken between two looks: the last one if
 * somebody asked not long ago, else one taken for the purpose a moment earlier. So nobody looks while nobody asks, and who asks after an hour
 * does not get the mean of that hour.
 */
export function createSummary(options: SummaryOptions): () => Promise<object> {
  const { clock, nodeName } = options;
  let last: Look | undefined;
  return async () => {
    const isRecent = last && clock.monotonicMs() - last.at <= limits.statsWindowMaximumMs;
    const before = last && isRecent ? last : await lookAround(options);
    const restMs = limits.statsWindowMinimumMs - (clock.monotonicMs() - before.at);
    if (restMs > 0) await clock.sleep(restMs);
    const after = await lookAround(options);
    last = after;
    const time = rfc3339(clock.now());
    return {
      node: { nodeName, ...nodeSummary(after, before, time) },
      pods: after.pods.map((pod) => podSummary(pod, before.pods, time)),
    };
  };
}

interface CpuUsage {
  readonly time: string;
  /** Absent of what was not there a moment ago. */
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds: number;
}

function nodeSummary(after: Look, before: Look, time: string) {
  const { memory, space } = after.node;
  const rate = rateOf(after, before, ({ node }) => node.cpuNanoseconds);
  const fs = {
    time,
    availableBytes: space.availableBytes,
    capacityBytes: space.totalBytes,
    usedBytes: space.totalBytes - space.availableBytes,
    inodesFree: space.availableInodes,
    inodes: space.totalInodes,
    inodesUsed: space.totalInodes - space.availableInodes,
  };
  return {
    cpu: { time, ...rate, usageCoreNanoSeconds: after.node.cpuNanoseconds },
    memory: {
      time,
      availableBytes: memory.availableBytes,
      workingSetBytes: memory.totalBytes - memory.availableBytes,
    },
    fs,
    runtime: { imageFs: fs },
  };
}

function podSummary(pod: PodLook, before: readonly PodLook[], time: string) {
  const earlier = before.find(({ uid }) => uid === pod.uid);
  const containers = Array.from(pod.containers, ([name, { id, stats }]) => {
    const old = earlier?.containers.get(name);
    return { name, ...usageOf(stats, old?.id === id ? old.stats : undefined) };
  });
  const { name, namespace, uid, startedAt } = pod;
  return {
    podRef: { name, namespace, uid },
    startTime: rfc3339(startedAt),
    containers,
    ...sumOf(containers, time),
  };
}

function usageOf(stats: ContainerStats, before: ContainerStats | undefined) {
  const time = rfc3339(stats.at);
  const rate = before ? rateOf(stats, before, ({ cpuUsageNanoseconds }) => cpuUsageNanoseconds) : {};
  const cpu: CpuUsage = { time, ...rate, usageCoreNanoSeconds: stats.cpuUsageNanoseconds };
  return {
    cpu,
    memory: { time, usageBytes: stats.memoryUsageBytes, workingSetBytes: stats.memoryWorkingSetBytes },
  };
}

/** Processor time per second between two looks. */
function rateOf<T extends { readonly at: number }>(
  after: T,
  before: T,
  nanosecondsOf: (look: T) => number,
): Pick<CpuUsage, "usageNanoCores"> {
  const elapsedMs = after.at - before.at;
  if (elapsedMs <= 0) return {};
  const used = nanosecondsOf(after) - nanosecondsOf(before);
  return { usageNanoCores: Math.max(0, Math.round((used / elapsedMs) * 1000)) };
}

function sumOf(containers: readonly ReturnType<typeof usageOf>[], time: string) {
  let nanoCores = 0;
  let nanoSeconds = 0;
  let usageBytes = 0;
  let workingSetBytes = 0;
  for (const { cpu, memory } of containers) {
    nanoCores += cpu.usageNanoCores ?? 0;
    nanoSeconds += cpu.usageCoreNanoSeconds;
    usageBytes += memory.usageBytes;
    workingSetBytes += memory.workingSetBytes;
  }
  return {
    cpu: { time, usageNanoCores: nanoCores, usageCoreNanoSeconds: nanoSeconds },
    memory: { time, usageBytes, workingSetBytes },
  };
}
