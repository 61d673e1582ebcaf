import type { PodFacts } from "../framework/pod-facts.ts";
import { mostSparedPods } from "../limits.ts";
import { isUnderBudget, violating } from "./budgets.ts";
import { compareCosts, costOf } from "./candidate.ts";
import { notReprieved, type Trial } from "./trial.ts";

/**
 * Others who could leave such that the preemptor fits and no budget is violated: the cheapest of them, the most important first. To be asked
 * when those who come back one after the other leave a set that violates one; which set that is depends on their order. `lower`: who may
 * have to leave, the most important first. Of those under budgets only the least important few are tried in all combinations.
 */
export function harmlessVictims(lower: readonly PodFacts[], trial: Trial): readonly PodFacts[] | undefined {
  const { cluster, budgetsOf, fits, patience } = trial;
  const kept = new Set(lower.filter((pod) => isUnderBudget(pod, budgetsOf)));
  const choices = harmlessSets([...kept].slice(-mostSparedPods), trial);
  let best: readonly PodFacts[] | undefined;
  for (const going of choices) {
    if (patience.trials === 0) break;
    patience.trials -= 1;
    const order = lower.filter((pod) => !kept.has(pod) || going.includes(pod));
    const victims = cluster.without(order, () => (fits() ? notReprieved(order, trial) : undefined));
    if (victims && (!best || compareCosts(costOf(victims, 0), costOf(best, 0)) < 0)) best = victims;
  }
  return best;
}

/** All sets of the pods that may go by every budget, beginning with nobody. */
function* harmlessSets(
  [next, ...others]: readonly PodFacts[],
  trial: Trial,
  going: readonly PodFacts[] = [],
): Iterable<readonly PodFacts[]> {
  if (!next) {
    yield going;
    return;
  }
  yield* harmlessSets(others, trial, going);
  const more = [...going, next];
  if (violating({ ...trial, pods: more }).size === 0) yield* harmlessSets(others, trial, more);
}
