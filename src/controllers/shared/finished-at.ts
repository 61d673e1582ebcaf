import { type Pod, podCondition } from "#api";

/** When a pod ended: when its last container ended; else when it was deleted, stopped being ready, or was made. */
export function finishedAtMs(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt);
  const times = ends.flatMap((end) => (end ? [Date.parse(end)] : []));
  if (times.length > 0 && times.length === ends.length) return Math.max(...times);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata ?? {};
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  const ready = podCondition(pod, "Ready");
  const since = ready?.status === "False" ? ready.lastTransitionTime : undefined;
  return Date.parse(since ?? creationTimestamp ?? "") || 0;
}
