import { isPodAvailable, isPodLeaving, isPodReady, type Pod } from "#api";
import { revisionLabel } from "../shared/revisions.ts";

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === "Running" && isPodReady(pod);
}

/** Not there to serve: not ready for long enough, or on its way out. */
export function isUnavailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return isPodLeaving(pod) || !isRunningAndReady(pod) || !isPodAvailable(pod, minReadySeconds, nowMs);
}

/** Name of the revision the pod was made from. */
export function revisionOf(pod: Pod): string | undefined {
  return pod.metadata?.labels?.[revisionLabel];
}
