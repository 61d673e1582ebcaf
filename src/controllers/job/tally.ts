import type { Job, Pod } from "#api";
import { failureCounts } from "./backoff.ts";
import { failureVerdict } from "./failure-policy.ts";
import { indexOf, isIndexed, parseIndexes } from "./indexes.ts";
import { isPodFailed, isTracked } from "./tracking.ts";

/** How the job stands, whether its status says so yet or not. */
export interface Tally {
  /** In the status' counts, or to be added to them now: their pods are held no more. */
  readonly countedSucceeded: number;
  readonly countedFailed: number;
  /** Uids that the status names and whose pods are still held. */
  readonly uncountedSucceeded: readonly string[];
  readonly uncountedFailed: readonly string[];
  /** All of them, with pods that nobody has noted yet. */
  readonly succeeded: number;
  readonly failed: number;
  /** Indexed jobs only. */
  readonly succeededIndexes: ReadonlySet<number>;
  /** Jobs that limit failures per index only. */
  readonly failedIndexes: ReadonlySet<number> | undefined;
}

/** Counts what has ended: what the status has counted, what it names, and what is new. */
export function tallyOf(job: Job, pods: readonly Pod[]): Tally {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods = {} } = job.status ?? {};
  const held = new Set(pods.filter(isTracked).map(uidOf));
  const isHeld = (uid: string) => held.has(uid);
  const noted = {
    succeeded: uncountedTerminatedPods.succeeded ?? [],
    failed: uncountedTerminatedPods.failed ?? [],
  };
  const uncountedSucceeded = noted.succeeded.filter(isHeld);
  const uncountedFailed = noted.failed.filter(isHeld);
  const countedSucceeded = succeeded + noted.succeeded.length - uncountedSucceeded.length;
  const countedFailed = failed + noted.failed.length - uncountedFailed.length;
  const isNew = (pod: Pod) =>
    isTracked(pod) &&
    !noted.succeeded.includes(uidOf(pod)) &&
    !noted.failed.includes(uidOf(pod)) &&
    (!isIndexed(job) || indexOf(job, pod) !== undefined);
  const fresh = pods.filter(isNew);
  const newlySucceeded = fresh.filter(({ status }) => status?.phase === "Succeeded").length;
  const newlyFailed = fresh.filter((pod) => isPodFailed(job, pod) && doesCount(job, pod)).length;
  const succeededIndexes = succeededIndexesOf(job, pods);
  return {
    countedSucceeded,
    countedFailed,
    uncountedSucceeded,
    uncountedFailed,
    succeeded: isIndexed(job)
      ? succeededIndexes.size
      : countedSucceeded + uncountedSucceeded.length + newlySucceeded,
    failed: countedFailed + uncountedFailed.length + newlyFailed,
    succeededIndexes,
    failedIndexes: limitsIndexes(job) ? failedIndexesOf(job, pods) : undefined,
  };
}

export function limitsIndexes({ spec }: Job): boolean {
  return spec?.backoffLimitPerIndex !== undefined;
}

export function doesCount(job: Job, pod: Pod): boolean {
  return failureVerdict(job, pod).action !== "Ignore";
}

export function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? "";
}

function succeededIndexesOf(job: Job, pods: readonly Pod[]): Set<number> {
  if (!isIndexed(job)) return new Set();
  const indexes = parseIndexes(job.status?.completedIndexes, job.spec?.completions ?? 0);
  for (const pod of pods) {
    const index = indexOf(job, pod);
    if (pod.status?.phase === "Succeeded" && isTracked(pod) && index !== undefined) indexes.add(index);
  }
  return indexes;
}

/** An index has failed when its pods have failed more often than it may, or when the policy says so. */
function failedIndexesOf(job: Job, pods: readonly Pod[]): Set<number> {
  const indexes = parseIndexes(job.status?.failedIndexes, job.spec?.completions ?? 0);
  for (const pod of pods) {
    const index = indexOf(job, pod);
    if (index === undefined || !isTracked(pod) || !isPodFailed(job, pod)) continue;
    const { action } = failureVerdict(job, pod);
    const isSpent = failureCounts(pod).counted >= (job.spec?.backoffLimitPerIndex ?? 0);
    if (action === "FailIndex" || (action !== "Ignore" && isSpent)) indexes.add(index);
  }
  return indexes;
}
