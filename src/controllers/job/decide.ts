import { isPodActive, type Job, type JobStatus, type Pod } from "#api";
import { type Claim, claim } from "../shared/claim.ts";
import { selectorOf } from "../shared/selectors.ts";
import { indexOf, isIndexed } from "./indexes.ts";
import { maxUncounted } from "./limits.ts";
import { awaitingSuccessor, type NewPod, type SizePlan, sizePlan } from "./size.ts";
import { statusOf } from "./status.ts";
import { doesCount, type Tally, tallyOf, uidOf } from "./tally.ts";
import { finishedCondition, isManagedByOthers, isPodFailed, isTracked } from "./tracking.ts";
import { deadlineLeftMs, type Verdict, verdictOf } from "./verdict.ts";

/** All that the decision depends on. */
export interface JobWorld {
  readonly job: Job;
  /** Pods of the namespace that the job controls, or that nobody controls. */
  readonly candidates: Iterable<Pod>;
  readonly nowMs: number;
}

/** In the order in which it is to be done. */
export interface JobPlan {
  readonly claim: Claim<Pod>;
  /** What is true now, with the ends of pods that are noted and the verdict: written before any pod is let go. */
  readonly status: JobStatus;
  /** Pods of a job that is to end: deleted, and counted as what they came to. */
  readonly end: readonly Pod[];
  /** Pods whose end is in the status: they are held no more. */
  readonly release: readonly Pod[];
  /** Pods that are one too many: let go uncounted, then deleted. */
  readonly remove: readonly Pod[];
  readonly create: readonly NewPod[];
  /** When a deadline or a pause runs out, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

/**
 * The end of every pod is counted exactly once, though three things happen to it that may be torn apart:
 *
 *     pod ended, held by its finalizer ──► its uid in `uncountedTerminatedPods` ──► finalizer removed ──► uid gone, count + 1
 *                                          (an index: in `completedIndexes`)
 *
 * A job ends in two steps: the verdict (`SuccessCriteriaMet`, `FailureTarget`), which stands whatever comes, and `Complete` or
 * `Failed` when no pod is left that runs or is not counted. Undefined: the job has ended, or is somebody else's.
 */
export function decide(world: JobWorld): JobPlan | undefined {
  const { job, nowMs } = world;
  if (finishedCondition(job) || isManagedByOthers(job)) return undefined;
  const claimed = claim(job, selectorOf(job.spec?.selector), world.candidates);
  const pods = claimed.owned;
  const tally = tallyOf(job, pods);
  const verdict = verdictOf(job, pods, tally, nowMs);
  const isLeaving = job.metadata?.deletionTimestamp !== undefined;
  const size = verdict || isLeaving ? nothingToDo : sizePlan(job, pods, tally, nowMs);
  const ends = noteEnds(job, pods, tally, verdict);
  const waits = [size.waitMs, verdict ? undefined : deadlineLeftMs(job, nowMs)];
  const times = waits.filter((waitMs) => waitMs !== undefined);
  return {
    claim: claimed,
    status: statusOf({ job, pods, tally, verdict, ends, nowMs }),
    end: verdict ? pods.filter(isPodActive) : [],
    release: ends.release,
    remove: size.remove,
    create: size.create,
    requeueAfterMs: times.length > 0 ? Math.max(1, Math.min(...times)) : undefined,
  };
}

const nothingToDo: SizePlan = { create: [], remove: [], waitMs: undefined };

/** Ends of pods that the status is to name now. */
export interface NotedEnds {
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
  readonly release: readonly Pod[];
}

function noteEnds(job: Job, pods: readonly Pod[], tally: Tally, verdict: Verdict | undefined): NotedEnds {
  const succeeded = [...tally.uncountedSucceeded];
  const failed = [...tally.uncountedFailed];
  const release: Pod[] = [];
  const awaiting = new Set(awaitingSuccessor(job, pods, tally).values());
  for (const pod of pods) {
    if (succeeded.length + failed.length >= maxUncounted) break;
    if (!isTracked(pod)) continue;
    const end = endOf(job, pod, verdict);
    const isLetGo = verdict || job.metadata?.deletionTimestamp !== undefined;
    if (!isLetGo && (end === "none" || awaiting.has(pod))) continue;
    release.push(pod);
    const isNoted = succeeded.includes(uidOf(pod)) || failed.includes(uidOf(pod));
    if (isNoted || (isIndexed(job) && indexOf(job, pod) === undefined)) continue;
    // Indexes that have succeeded are in the status themselves.
    if (end === "succeeded" && !isIndexed(job)) succeeded.push(uidOf(pod));
    if (end === "failed" && doesCount(job, pod)) failed.push(uidOf(pod));
  }
  return { succeeded, failed, release };
}

/** Whatever of a failed job has not ended by itself has failed with it; of a job that has succeeded it does not matter. */
function endOf(job: Job, pod: Pod, verdict: Verdict | undefined): "succeeded" | "failed" | "none" {
  if (pod.status?.phase === "Succeeded") return "succeeded";
  const fails = isPodFailed(job, pod) || verdict?.type === "FailureTarget";
  return fails ? "failed" : "none";
}
