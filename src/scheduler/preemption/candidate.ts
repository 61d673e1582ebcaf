import type { NodeIndex } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";

/** A node on which a pod would fit if others made room. */
export interface Candidate {
  readonly node: NodeIndex;
  /** Who would have to go, the most important first; never empty. All are of lower priority. */
  readonly victims: readonly PodFacts[];
  /** How many of them no disruption budget lets go. */
  readonly violations: number;
}

/**
 * Orders candidates by what they cost, cheapest first, by Kubernetes' criteria: budgets violated, priority of the most important victim, sum
 * of priorities, number of victims, and then the one whose most important victims have run for the shortest time.
 */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    a.violations - b.violations ||
    highestPriority(a) - highestPriority(b) ||
    sumOfPriorities(a) - sumOfPriorities(b) ||
    a.victims.length - b.victims.length ||
    earliestStart(b) - earliestStart(a)
  );
}

/** Orders pods by importance, most important first: higher priority, then longer running. */
export function compareImportance(a: PodFacts, b: PodFacts): number {
  return (
    b.shape.priority - a.shape.priority ||
    startOf(a) - startOf(b) ||
    // Order must not depend on how a node's pods happen to be kept.
    (a.uid < b.uid ? -1 : 1)
  );
}

function highestPriority({ victims }: Candidate): number {
  return victims[0]?.shape.priority ?? 0;
}

/** Shifted so that every pod counts: two pods of priority −5 cost more than one. */
function sumOfPriorities({ victims }: Candidate): number {
  return victims.reduce((sum, { shape }) => sum + shape.priority + 2 ** 31, 0);
}

function earliestStart(candidate: Candidate): number {
  const highest = highestPriority(candidate);
  const starts = candidate.victims.filter(({ shape }) => shape.priority === highest).map(startOf);
  return Math.min(...starts);
}

/** In milliseconds since the epoch. A pod that has not started yet is younger than all others. */
function startOf({ pod }: PodFacts): number {
  const { startTime } = pod.status ?? {};
  return startTime ? Date.parse(startTime) : notYet;
}

/** Finite, so that two such pods are equally old. */
const notYet = Number.MAX_SAFE_INTEGER;
