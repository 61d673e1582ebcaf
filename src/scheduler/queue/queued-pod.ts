import type { PodFacts } from "../framework/pod-facts.ts";

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly facts: PodFacts;
  /** When it came into the queue for the first time, monotonic milliseconds. */
  readonly queuedAtMs: number;
  /** Orders pods of the same moment. */
  readonly sequence: number;
  /** How often it was tried. */
  attempts: number;
}
