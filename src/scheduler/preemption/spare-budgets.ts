import type { PodFacts } from "../framework/pod-facts.ts";
import { mostSparedPods } from "../limits.ts";
import { isUnderBudget, violating } from "./budgets.ts";
import { compareCosts, costOf } from "./candidate.ts";
import { notReprieved, type Trial } from "./trial.ts";

/**
 * Others who could leave such that the preemptor fits and no budget is violated: the cheapest of them, the most important first. To be asked
 * when those who come back one after the other leave a set that violates one; which set that is depends on their order. `lower`: who may
 * have to leave, the most important first. Those under no budget all go at first; of the others only the least important few are tried in all
 * combinations.
 */
export function harmlessVictims(lower: readonly PodFacts[], trial: Trial): readonly PodFacts[] | undefined {
  const { budgetsOf } = trial;
  return cheapestOf(lower, { choices: lower.filter((pod) => isUnderBudget(pod, budgetsOf)), trial });
}

/**
 * The same where the preemptor does not fit when all of them are gone, because it needs one of them near: nobody goes for certain, and the
 * least important few are tried in all combinations.
 */
export function harmlessVictimsAmong(
  lower: readonly PodFacts[],
  trial: Trial,
): readonly PodFacts[] | undefined {
  return cheapestOf(lower, { choices: lower, trial });
}

interface Search {
  /** Who goes only if chosen; the most important first. */
  readonly choices: readonly PodFacts[];
  readonly trial: Trial;
}

function cheapestOf(lower: readonly PodFacts[], { choices, trial }: Search): readonly PodFacts[] | undefined {
  const { cluster, fits, patience } = trial;
  const kept = new Set(choices);
  let best: readonly PodFacts[] | undefined;
  for (const going of harmlessSets(choices.slice(-mostSparedPods), trial)) {
    if (patience.trials === 0) break;
    patience.trials -= 1;
    const order = lower.filter((pod) => !kept.has(pod) || going.includes(pod));
    const victims = cluster.without(order, () => (fits() ? notReprieved(order, trial) : undefined));
    if (victims?.length && (!best || compareCosts(costOf(victims, 0), costOf(best, 0)) < 0)) best = victims;
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
