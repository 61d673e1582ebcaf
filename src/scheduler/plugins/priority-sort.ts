import type { QueuedPod } from "../queue/queued-pod.ts";

/** Higher priority first; of equals, who waits longest. */
export function prioritySort(a: QueuedPod, b: QueuedPod): number {
  return (
    b.facts.shape.priority - a.facts.shape.priority || a.queuedAtMs - b.queuedAtMs || a.sequence - b.sequence
  );
}
