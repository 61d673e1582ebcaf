import { compareForDeletion, isPodActive, type Job, type Pod } from "#api";
import { finishedAtMs } from "../shared/finished-at.ts";
import { backoffLeftMs, failureCounts, indexBackoffLeftMs } from "./backoff.ts";
import { indexOf, isIndexed } from "./indexes.ts";
import { podBurst } from "./limits.ts";
import { limitsIndexes, type Tally } from "./tally.ts";
import { isPodFailed, isPodTerminating, isSuspended, isTracked, replacesOnlyFailed } from "./tracking.ts";

/** A pod to be made. */
export interface NewPod {
  /** Which completion it works on; indexed jobs only. */
  readonly index: number | undefined;
  /** The pod that failed at the same index before it, when failures are limited per index. */
  readonly replaces: Pod | undefined;
}

/** How the job comes to the pods it shall have. Either creates or deletes. */
export interface SizePlan {
  readonly create: readonly NewPod[];
  /** Not counted as failures. */
  readonly remove: readonly Pod[];
  /** When a pod may be made that may not be made yet, in milliseconds from now. */
  readonly waitMs: number | undefined;
}

export function sizePlan(job: Job, pods: readonly Pod[], tally: Tally, nowMs: number): SizePlan {
  const active = pods.filter(isPodActive);
  if (isSuspended(job)) return { create: [], remove: active.slice(0, podBurst), waitMs: undefined };
  const wanted = wantedActive(job, tally, active.length);
  const remove = surplus(job, active, Math.max(0, active.length - wanted), nowMs).slice(0, podBurst);
  if (remove.length > 0) return { create: [], remove, waitMs: undefined };
  const occupied = replacesOnlyFailed(job) ? pods.filter(isPodTerminating).length : 0;
  const missing = Math.min(podBurst, wanted - active.length - occupied);
  if (missing <= 0) return { create: [], remove: [], waitMs: undefined };
  if (!limitsIndexes(job)) {
    const waitMs = backoffLeftMs(job, pods, nowMs);
    if (waitMs > 0) return { create: [], remove: [], waitMs };
  }
  if (isIndexed(job)) return indexedPods(job, pods, tally, { missing, nowMs });
  const create = Array.from({ length: missing }, () => ({ index: undefined, replaces: undefined }));
  return { create, remove: [], waitMs: undefined };
}

/** The last pod of each index that failed: it is held until its successor knows how often the index has failed. */
export function awaitingSuccessor(job: Job, pods: readonly Pod[], tally: Tally): ReadonlyMap<number, Pod> {
  const latest = new Map<number, Pod>();
  if (!limitsIndexes(job)) return latest;
  const taken = new Set(pods.filter(isPodActive).map((pod) => indexOf(job, pod)));
  for (const pod of pods) {
    const index = indexOf(job, pod);
    if (index === undefined || taken.has(index) || !isTracked(pod) || !isPodFailed(job, pod)) continue;
    if (tally.failedIndexes?.has(index) || tally.succeededIndexes.has(index)) continue;
    const other = latest.get(index);
    if (!other || isLater(pod, other)) latest.set(index, pod);
  }
  return latest;
}

/** No more than are still to succeed; without a number of completions nobody is started once one has succeeded. */
function wantedActive({ spec }: Job, { succeeded }: Tally, active: number): number {
  const { parallelism = 1, completions } = spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Second pods of an index, and of no index, go in any case; then those whose loss is smallest. */
function surplus(job: Job, active: readonly Pod[], atLeast: number, nowMs: number): readonly Pod[] {
  const ordered = [...active].sort((a, b) => compareForDeletion(a, b, () => 0, nowMs));
  const remove: Pod[] = [];
  const left: Pod[] = [];
  const kept = new Set<number>();
  // The best of an index stays: the last in the order in which they would go.
  for (const pod of ordered.toReversed()) {
    const index = isIndexed(job) ? indexOf(job, pod) : undefined;
    const isDouble = isIndexed(job) && (index === undefined || kept.has(index));
    if (index !== undefined) kept.add(index);
    (isDouble ? remove : left).unshift(pod);
  }
  return [...remove, ...left.slice(0, Math.max(0, atLeast - remove.length))];
}

function indexedPods(
  job: Job,
  pods: readonly Pod[],
  tally: Tally,
  { missing, nowMs }: { readonly missing: number; readonly nowMs: number },
): SizePlan {
  const isBusy = (pod: Pod) => isPodActive(pod) || (replacesOnlyFailed(job) && isPodTerminating(pod));
  const busy = new Set(pods.filter(isBusy).map((pod) => indexOf(job, pod)));
  const before = awaitingSuccessor(job, pods, tally);
  const create: NewPod[] = [];
  let waitMs = Number.POSITIVE_INFINITY;
  let chosen = 0;
  for (let index = 0; index < (job.spec?.completions ?? 0) && chosen < missing; index++) {
    if (busy.has(index) || tally.succeededIndexes.has(index) || tally.failedIndexes?.has(index)) continue;
    chosen += 1;
    const replaces = before.get(index);
    const pauseMs = replaces ? indexBackoffLeftMs(replaces, nowMs) : 0;
    if (pauseMs === 0) create.push({ index, replaces });
    else waitMs = Math.min(waitMs, pauseMs);
  }
  return { create, remove: [], waitMs: Number.isFinite(waitMs) ? waitMs : undefined };
}

function isLater(pod: Pod, other: Pod): boolean {
  const failures = (one: Pod) => failureCounts(one).counted + failureCounts(one).ignored;
  return failures(pod) >= failures(other) && finishedAtMs(pod) >= finishedAtMs(other);
}
