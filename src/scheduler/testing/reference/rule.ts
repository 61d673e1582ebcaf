import type { Node, Pod } from "#api";
import type { World } from "./world.ts";

/**
 * One rule of scheduling, said as plainly as it can be: looks at everything every time, remembers nothing. What Kubernetes' plugin of
 * the same name says.
 */
export interface Rule {
  readonly name: string;
  /** Why the pod may not go to the node; undefined when it may. */
  readonly refuses?: (pod: Pod, node: Node, world: World) => Refusal | undefined;
  /** For each of the nodes that fit a whole number from 0 to 100; undefined when the rule does not care. */
  readonly score?: (pod: Pod, feasible: readonly Node[], world: World) => readonly number[] | undefined;
  /** How much its scores count. */
  readonly weight?: number;
}

export interface Refusal {
  /** Whether fewer pods on the node might change it. */
  readonly isResolvable: boolean;
}

export const forGood: Refusal = { isResolvable: false };
export const whileItIsFull: Refusal = { isResolvable: true };

/** As shares of the highest, 0–100. */
export function inProportion(scores: readonly number[]): readonly number[] {
  const highest = Math.max(0, ...scores);
  return scores.map((score) => (highest === 0 ? 0 : Math.floor((100 * score) / highest)));
}

/** The other way round: the highest is worst. */
export function inverted(scores: readonly number[]): readonly number[] {
  return inProportion(scores).map((score) => 100 - score);
}
