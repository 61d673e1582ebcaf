import type { Pod } from "#api";
import type { Commit } from "#store";
import type { SimulatedNode, SimulatedPod } from "../nodes/mod.ts";

/** Watches a run for something that must never be. Tells `World.violate` when it is. */
export interface Checker {
  readonly name: string;
  /** A pod was written or has gone, as the store has it now and had it before. */
  onPod?(change: PodChange): void;
  onCommit?(commit: Commit): void;
  /** What really runs has changed. */
  onProcesses?(node: SimulatedNode, pod: SimulatedPod, is: "started" | "gone"): void;
}

export interface PodChange {
  readonly pod: Pod | undefined;
  readonly previous: Pod | undefined;
  readonly commit: Commit;
}
