import type { QueuedPod } from "../framework/plugin.ts";

/** Higher priority first; of equals, who waits longest. */
export function prioritySort(a: QueuedPod, b: QueuedPod): number {
  return b.facts.priority - a.facts.priority || a.queuedAtMs - b.queuedAtMs || a.sequence - b.sequence;
}
