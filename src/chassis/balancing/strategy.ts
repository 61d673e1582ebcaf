import type { Random } from "#base";
import type { Instance } from "../discovery/instance.ts";

/** An instance, and what is known of it here: each client counts for itself. */
export interface Candidate {
  readonly instance: Instance;
  /** Its weight among the others, more than 0. */
  readonly weight: number;
  /** What it was asked and has not answered yet. */
  readonly inFlight: number;
  /** What its answers took of late, mostly the last. It fades, so that who was slow once is tried again. Absent before the first. */
  readonly latencyMs: number | undefined;
}

/** What a strategy may choose by. */
export interface Asked {
  /** What the request is about: `order-17`. Equal ones go to the same place by destination hashing. */
  readonly destination?: string;
  /** Who asks. Equal ones go to the same place by source hashing. */
  readonly source?: string;
}

/** Chooses among candidates, of which there is at least one. It has no say in who is fit: that is the registry's. */
export type Choose = (candidates: readonly Candidate[], asked: Asked) => Candidate;

/** A way to choose. It is made once per client, and what it remembers is that client's. */
export type Strategy = (surroundings: Surroundings) => Choose;

export interface Surroundings {
  readonly random: Random;
  /** Where the client itself runs. */
  readonly zone?: string;
}
