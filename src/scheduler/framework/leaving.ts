import type { ClusterEvent } from "./plugin.ts";
import type { PodShape } from "./pod-shape.ts";

/**
 * The pod that has left something behind: one that is gone, or one as it was. A watch that was interrupted tells the end of a pod and the beginning of its
 * namesake as one update.
 */
export function leaving(event: ClusterEvent): PodShape | undefined {
  if (event.type === "pod-removed") return event.pod.shape;
  return event.type === "pod-updated" ? event.old.shape : undefined;
}
