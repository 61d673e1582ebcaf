import type { Pod } from "#api";
import type { PodShape } from "./pod-shape.ts";

/** A pod as the scheduler handles it: who it is, and what decisions need to know. */
export interface PodFacts {
  readonly pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly shape: PodShape;
  /** It is being deleted: still on its node, but no longer counted when pods are spread. */
  readonly isTerminating: boolean;
}
