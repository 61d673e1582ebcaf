import type { Job, Pod } from "#api";
import { finishedAtMs } from "../shared/finished-at.ts";
import { failureVerdict } from "./failure-policy.ts";
import { backoffBaseMs, backoffMaxMs } from "./limits.ts";
import { isPodFailed } from "./tracking.ts";

/** On pods of jobs that limit failures per index: how often the index has failed before, and how often that did not count. */
export const failureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
export const ignoredCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

/** How long no pod is made because of those that failed since the last success, in milliseconds from now. */
export function backoffLeftMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  let lastSuccessMs = Number.NEGATIVE_INFINITY;
  for (const pod of pods) {
    if (pod.status?.phase === "Succeeded") lastSuccessMs = Math.max(lastSuccessMs, finishedAtMs(pod));
  }
  const failures = pods.filter((pod) => isPodFailed(job, pod)).map(finishedAtMs);
  const recent = failures.filter((atMs) => atMs > lastSuccessMs);
  return recent.length === 0 ? 0 : leftMs(recent.length, Math.max(...recent), nowMs);
}

/** The same for one index whose last pod is known. */
export function indexBackoffLeftMs(failed: Pod, nowMs: number): number {
  const { counted, ignored } = failureCounts(failed);
  return leftMs(counted + ignored + 1, finishedAtMs(failed), nowMs);
}

export interface FailureCounts {
  readonly counted: number;
  readonly ignored: number;
}

/** How often the pod's index had failed before it. */
export function failureCounts({ metadata }: Pod): FailureCounts {
  const read = (key: string) => Number(metadata?.annotations?.[key] ?? "0") || 0;
  return { counted: read(failureCountAnnotation), ignored: read(ignoredCountAnnotation) };
}

/** How often it has failed once this pod has. */
export function nextFailureCounts(job: Job, failed: Pod | undefined): FailureCounts {
  if (!failed) return { counted: 0, ignored: 0 };
  const { counted, ignored } = failureCounts(failed);
  const isIgnored = failureVerdict(job, failed).action === "Ignore";
  return isIgnored ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

function leftMs(failures: number, lastMs: number, nowMs: number): number {
  const pauseMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** (failures - 1));
  return Math.max(0, lastMs + pauseMs - nowMs);
}
