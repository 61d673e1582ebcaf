import { type Pod, podCondition, type Taint, tolerates } from "#api";

/**
 * When a pod must leave because of its node's NoExecute taints, milliseconds since the epoch; undefined: never. Without a
 * toleration for every taint at once. The first toleration that covers a taint is the one that counts; with a limit it holds for so
 * long from when the pod and the taint met.
 */
export function evictionAtMs(pod: Pod, taints: readonly Taint[], nowMs: number): number | undefined {
  let atMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    if (taint.effect !== "NoExecute") continue;
    const toleration = pod.spec?.tolerations?.find((one) => tolerates(one, taint));
    if (!toleration) return nowMs;
    const { tolerationSeconds } = toleration;
    if (tolerationSeconds === undefined) continue;
    atMs = Math.min(atMs, (metAtMs(pod, taint) || nowMs) + Math.max(0, tolerationSeconds) * 1000);
  }
  return Number.isFinite(atMs) ? atMs : undefined;
}

/** Since when the pod is on the node and the taint, too; 0: nobody knows. */
function metAtMs(pod: Pod, taint: Taint): number {
  const boundAt = podCondition(pod, "PodScheduled")?.lastTransitionTime ?? pod.metadata?.creationTimestamp;
  return Math.max(Date.parse(taint.timeAdded ?? "") || 0, Date.parse(boundAt ?? "") || 0);
}
