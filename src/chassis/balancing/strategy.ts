import type { Instance } from "../discovery/instance.ts";

/** An instance that may be chosen, and how it fares. The same object for as long as the instance is known: a strategy may remember things by it. */
export interface Candidate {
  readonly instance: Instance;
  /** How much it can do beside the others; above 0. */
  readonly weight: number;
  /** Requests that this caller has not had answers to. */
  readonly inFlight: number;
  /** How long it takes of late, in milliseconds; undefined: nobody knows yet. */
  readonly latencyMs: number | undefined;
}

/** What is known of a request before anybody is chosen for it. */
export interface Asked {
  /** What is asked for: requests for the same thing share it. */
  readonly destination: string;
  /** Who asks. */
  readonly source: string;
}

/** Chooses one of several. One per service that is called: it may remember. */
export interface Strategy {
  /** `candidates` is never empty. */
  choose(candidates: readonly Candidate[], asked: Asked): Candidate;
}

/** The first, from `from` on and round, for which `cost` is least. */
export function least(
  candidates: readonly Candidate[],
  cost: (candidate: Candidate) => number,
  from = 0,
): Candidate {
  let best = candidates[from] as Candidate;
  let bestCost = cost(best);
  for (let step = 1; step < candidates.length; step += 1) {
    const each = candidates[(from + step) % candidates.length] as Candidate;
    const own = cost(each);
    if (own < bestCost) [best, bestCost] = [each, own];
  }
  return best;
}

/** Two different ones by chance, or the only one there is. */
export function two(candidates: readonly Candidate[], float: () => number): readonly Candidate[] {
  const first = Math.floor(float() * candidates.length);
  if (candidates.length < 2) return candidates;
  const other = (first + 1 + Math.floor(float() * (candidates.length - 1))) % candidates.length;
  return [candidates[first] as Candidate, candidates[other] as Candidate];
}
