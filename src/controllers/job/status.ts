import { isPodActive, isPodReady, type Job, type JobCondition, type JobStatus, type Pod } from "#api";
import { conditionOf, withCondition } from "../shared/condition.ts";
import type { NotedEnds } from "./decide.ts";
import { formatIndexes, isIndexed } from "./indexes.ts";
import type { Tally } from "./tally.ts";
import { isBusy, isPodTerminating, isSuspended } from "./tracking.ts";
import type { Verdict } from "./verdict.ts";

export interface StatusFacts {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly tally: Tally;
  readonly verdict: Verdict | undefined;
  readonly ends: NotedEnds;
  readonly nowMs: number;
}

export function statusOf(facts: StatusFacts): JobStatus {
  const { job, pods, tally, ends, nowMs } = facts;
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const active = pods.filter(isPodActive);
  const conditions = conditionsOf(facts, now);
  const isComplete = conditionOf(conditions, "Complete")?.status === "True";
  const startTime = startTimeOf(job, now);
  const { failedIndexes, succeededIndexes } = tally;
  return {
    ...(conditions.length > 0 ? { conditions: [...conditions] } : {}),
    ...(startTime === undefined ? {} : { startTime }),
    ...(isComplete ? { completionTime: now } : {}),
    ...positive("active", active.length),
    ...positive("succeeded", isIndexed(job) ? succeededIndexes.size : tally.countedSucceeded),
    ...positive("failed", tally.countedFailed),
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    ...(succeededIndexes.size > 0 ? { completedIndexes: formatIndexes(succeededIndexes) } : {}),
    ...(failedIndexes ? { failedIndexes: formatIndexes(failedIndexes) } : {}),
    uncountedTerminatedPods: {
      ...(ends.succeeded.length > 0 ? { succeeded: [...ends.succeeded] } : {}),
      ...(ends.failed.length > 0 ? { failed: [...ends.failed] } : {}),
    },
  };
}

/** A count of nothing is left out, as upstream leaves it out. */
function positive(field: "active" | "succeeded" | "failed", count: number): Partial<JobStatus> {
  return count > 0 ? { [field]: count } : {};
}

/** The time for which a job is suspended does not count: its clock starts again when it goes on. */
function startTimeOf(job: Job, now: string): string | undefined {
  const { startTime, conditions } = job.status ?? {};
  if (isSuspended(job)) return startTime;
  const isResumed = conditionOf(conditions, "Suspended")?.status === "True";
  return isResumed ? now : (startTime ?? now);
}

function conditionsOf(facts: StatusFacts, now: string): readonly JobCondition[] {
  const { job, verdict } = facts;
  const before = job.status?.conditions ?? [];
  if (!verdict) return withSuspended(job, before, now);
  const { type, reason, message } = verdict;
  const isNew = conditionOf(before, type)?.status !== "True";
  const conditions = withHolding(before, { type, reason, message }, now);
  if (isNew || isBusy(facts.pods)) return conditions;
  const end = type === "FailureTarget" ? "Failed" : "Complete";
  return withHolding(conditions, { type: end, reason, message }, now);
}

function withSuspended(job: Job, before: readonly JobCondition[], now: string): readonly JobCondition[] {
  if (isSuspended(job)) {
    const suspended = { type: "Suspended", reason: "JobSuspended", message: "Job suspended" };
    return withHolding(before, suspended, now);
  }
  if (conditionOf(before, "Suspended") === undefined) return before;
  const resumed = { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" };
  return withCondition<JobCondition>(before, { ...resumed, lastProbeTime: now }, now);
}

function withHolding(
  before: readonly JobCondition[],
  condition: Pick<JobCondition, "type" | "reason" | "message">,
  now: string,
): readonly JobCondition[] {
  const old = conditionOf(before, condition.type);
  const lastProbeTime = old?.status === "True" ? (old.lastProbeTime ?? now) : now;
  return withCondition<JobCondition>(before, { ...condition, status: "True", lastProbeTime }, now);
}
