import { isPodActive, type Job, type JobCondition, type Pod } from "#api";
import { failureVerdict } from "./failure-policy.ts";
import { metSuccessRule } from "./success-policy.ts";
import type { Tally } from "./tally.ts";
import { isPodFailed, isSuspended } from "./tracking.ts";

/** That the job is to end, and how. It has ended when all its pods have, and are counted. */
export interface Verdict {
  readonly type: "SuccessCriteriaMet" | "FailureTarget";
  readonly reason: string;
  readonly message: string;
}

/** What was decided before stands. Otherwise a failure comes before a success: the job may not have seen all of its pods' ends. */
export function verdictOf(job: Job, pods: readonly Pod[], tally: Tally, nowMs: number): Verdict | undefined {
  return (
    standing(job) ??
    failedByPolicy(job, pods) ??
    failedByLimits(job, pods, tally, nowMs) ??
    failedByIndexes(job, tally) ??
    succeeded(job, pods, tally)
  );
}

function standing({ status }: Job): Verdict | undefined {
  for (const type of ["SuccessCriteriaMet", "FailureTarget"] as const) {
    const condition = status?.conditions?.find((one) => one.type === type && one.status === "True");
    if (condition) return { type, ...wordsOf(condition) };
  }
  return undefined;
}

function wordsOf({ reason = "", message = "" }: JobCondition) {
  return { reason, message };
}

function failedByPolicy(job: Job, pods: readonly Pod[]): Verdict | undefined {
  if (!job.spec?.podFailurePolicy) return undefined;
  for (const pod of pods) {
    if (!isPodFailed(job, pod)) continue;
    const { action, message } = failureVerdict(job, pod);
    if (action === "FailJob") return failure("PodFailurePolicy", message);
  }
  return undefined;
}

function failedByLimits(
  job: Job,
  pods: readonly Pod[],
  { failed }: Tally,
  nowMs: number,
): Verdict | undefined {
  const { backoffLimit = 6 } = job.spec ?? {};
  if (failed > backoffLimit || hasRestartedTooOften(job, pods, backoffLimit)) {
    return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  }
  const leftMs = deadlineLeftMs(job, nowMs);
  if (leftMs !== undefined && leftMs <= 0) {
    return failure("DeadlineExceeded", "Job was active longer than specified deadline");
  }
  return undefined;
}

/** How long the job may still run, in milliseconds from now; undefined: as long as it likes. */
export function deadlineLeftMs(job: Job, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec ?? {};
  const { startTime } = job.status ?? {};
  if (activeDeadlineSeconds === undefined || startTime === undefined || isSuspended(job)) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000 - nowMs;
}

/** Containers that are started again in their pods count as well as pods. */
function hasRestartedTooOften(job: Job, pods: readonly Pod[], backoffLimit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== "Running" && status?.phase !== "Pending") continue;
    for (const one of [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]) {
      restarts += one.restartCount;
    }
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

function failedByIndexes({ spec }: Job, { failedIndexes, succeededIndexes }: Tally): Verdict | undefined {
  if (!failedIndexes) return undefined;
  if (spec?.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes) {
    const message = "Job has exceeded the specified maximal number of failed indexes";
    return failure("MaxFailedIndexesExceeded", message);
  }
  if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= (spec?.completions ?? 0)) {
    return failure("FailedIndexes", "Job has failed indexes");
  }
  return undefined;
}

/** With a number of completions when there are as many; else when one has succeeded and the others have ended. */
function succeeded(job: Job, pods: readonly Pod[], tally: Tally): Verdict | undefined {
  const rule = metSuccessRule(job, tally.succeededIndexes);
  if (rule !== undefined) return { type: "SuccessCriteriaMet", reason: "SuccessPolicy", message: rule };
  if (tally.succeeded < (job.spec?.completions ?? 1) || pods.some(isPodActive)) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { type: "SuccessCriteriaMet", reason: "CompletionsReached", message };
}

function failure(reason: string, message: string): Verdict {
  return { type: "FailureTarget", reason, message };
}
