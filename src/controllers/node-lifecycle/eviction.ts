import { type Pod, type Taint, tolerates } from "#api";

/**
 * When a pod must leave because of its node's NoExecute taints, milliseconds since the epoch; undefined: never. Without a
 * toleration for every taint at once; with limited ones when the shortest has passed, counted from the taint's `timeAdded`.
 */
export function evictionAtMs(pod: Pod, taints: readonly Taint[], nowMs: number): number | undefined {
  const executing = taints.filter((taint) => taint.effect === "NoExecute");
  let atMs = Number.POSITIVE_INFINITY;
  for (const taint of executing) {
    const tolerations = (pod.spec?.tolerations ?? []).filter((one) => tolerates(one, taint));
    if (tolerations.length === 0) return nowMs;
    for (const { tolerationSeconds } of tolerations) {
      if (tolerationSeconds === undefined) continue;
      const sinceMs = taint.timeAdded ? Date.parse(taint.timeAdded) : nowMs;
      atMs = Math.min(atMs, sinceMs + Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return Number.isFinite(atMs) ? atMs : undefined;
}
