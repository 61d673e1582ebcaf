import type { Pod } from "#api";
import type { PodShape } from "./pod-shape.ts";

/** A pod as the scheduler handles it: who it is, and what decisions need to know. */
export interface PodFacts {
  /** As the API has it now. What of it counts for placement never changes: a pod that changes in that has new facts. */
  pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly shape: PodShape;
  /** It is being deleted: still on its node, but no longer counted when pods are spread. */
  readonly isTerminating: boolean;
}
