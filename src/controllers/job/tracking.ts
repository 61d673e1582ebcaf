import { isPodActive, isPodLeaving, isPodTerminal, type Job, type Pod } from "#api";

/** Holds a pod until its end is in the job's status: an end is counted once, whatever happens to the pod or to this program. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";

export function isTracked(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

/** Being deleted, and not ended yet. */
export function isPodTerminating(pod: Pod): boolean {
  return isPodLeaving(pod) && !isPodTerminal(pod);
}

/** Whether some pod of the job still runs, or is held. */
export function isBusy(pods: readonly Pod[]): boolean {
  return pods.some((pod) => isTracked(pod) || isPodActive(pod) || isPodTerminating(pod));
}

/** Failed, or deleted before its end: nobody might be left to see that end. Jobs may ask to wait for it. */
export function isPodFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesOnlyFailed(job)) return false;
  return isPodTerminating(pod);
}

/** Whether a pod is replaced only when it has ended, not as soon as it is being deleted. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === "Failed";
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true;
}

/** Complete or Failed, for good. */
export function finishedCondition({ status }: Job) {
  return status?.conditions?.find(
    ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
  );
}

/** Whether somebody else's controller looks after the job. */
export function isManagedByOthers({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== "kubernetes.io/job-controller";
}
