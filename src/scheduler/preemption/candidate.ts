import type { NodeIndex } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";

/** A node on which a pod would fit if others made room. */
export interface Candidate {
  readonly node: NodeIndex;
  /** Who would have to go, the most important first; never empty. All are of lower priority. */
  readonly victims: readonly PodFacts[];
  readonly cost: Cost;
}

/** What making room costs, by Kubernetes' criteria, the weightiest first. */
export interface Cost {
  /** How many of the victims no disruption budget lets go. */
  readonly violations: number;
  readonly highestPriority: number;
  /** Shifted so that every pod counts: two pods of priority −5 cost more than one. */
  readonly sumOfPriorities: number;
  readonly victims: number;
  /** When the first of the most important victims started, in milliseconds since the epoch: who has run for a shorter time costs less. */
  readonly earliestStart: number;
}

/** `victims`: the most important first. */
export function costOf(victims: readonly PodFacts[], violations: number): Cost {
  const [first] = victims;
  return {
    violations,
    highestPriority: first?.shape.priority ?? 0,
    sumOfPriorities: victims.reduce((sum, { shape }) => sum + shape.priority + 2 ** 31, 0),
    victims: victims.length,
    earliestStart: first ? startOf(first) : notYet,
  };
}

/** Orders costs, the lowest first. */
export function compareCosts(a: Cost, b: Cost): number {
  return (
    a.violations - b.violations ||
    a.highestPriority - b.highestPriority ||
    a.sumOfPriorities - b.sumOfPriorities ||
    a.victims - b.victims ||
    b.earliestStart - a.earliestStart
  );
}

/** Orders pods by importance, the most important first: higher priority, then longer running. */
export function compareImportance(a: PodFacts, b: PodFacts): number {
  return (
    b.shape.priority - a.shape.priority ||
    startOf(a) - startOf(b) ||
    // Order must not depend on how a node's pods happen to be kept.
    (a.uid < b.uid ? -1 : 1)
  );
}

/** In milliseconds since the epoch. A pod that has not started yet is younger than all others. */
function startOf({ pod }: PodFacts): number {
  const { startTime } = pod.status ?? {};
  return startTime ? Date.parse(startTime) : notYet;
}

/** Finite, so that two such pods are equally old. */
const notYet = Number.MAX_SAFE_INTEGER;
