import { isPodAvailable, isPodReady, type Pod, podCondition } from "#api";

/** When the first of the pods that are ready, but not for long enough, becomes available: milliseconds from now. */
export function nextAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods
    .filter((pod) => isPodReady(pod) && !isPodAvailable(pod, minReadySeconds, nowMs))
    .map((pod) => Date.parse(podCondition(pod, "Ready")?.lastTransitionTime ?? ""))
    .map((sinceMs) => (Number.isNaN(sinceMs) ? 1000 : sinceMs + minReadySeconds * 1000 - nowMs));
  return waits.length > 0 ? Math.max(1, Math.min(...waits)) : undefined;
}
