import type { PodFacts } from "../framework/pod-facts.ts";
import { violating } from "./budgets.ts";
import { type Candidate, compareImportance, costOf } from "./candidate.ts";
import { harmlessVictims, harmlessVictimsAmong } from "./spare-budgets.ts";
import { notReprieved, type Trial } from "./trial.ts";

/**
 * Who would have to leave the node so that the preemptor fits there; undefined when even all lower pods would not be enough, or when nobody
 * need go. First all of them go, then as many as possible come back: those that budgets protect before the others, and of
 * each the most important first. Where that violates a budget, others go if they can without.
 */
export function victimsOn(trial: Trial): Candidate | undefined {
  const { node, cluster, fits } = trial;
  const lower = lowerPods(trial);
  if (lower.length === 0) return undefined;
  const protectedOnes = violating({ ...trial, pods: lower });
  const isProtected = (pod: PodFacts) => protectedOnes.has(pod);
  const order = [...lower.filter(isProtected), ...lower.filter((pod) => !isProtected(pod))];
  const victims = cluster.without(lower, () => (fits() ? notReprieved(order, trial) : undefined));
  if (!victims?.length) return undefined;
  victims.sort(compareImportance);
  const violations = violating({ ...trial, pods: victims }).size;
  const spared = violations > 0 ? harmlessVictims(lower, trial) : undefined;
  if (spared) return { node, victims: spared, cost: costOf(spared, 0) };
  return { node, victims, cost: costOf(victims, violations) };
}

/** As `victimsOn`, but only victims that all budgets let go, and also where some lower pod has to stay for the preemptor to fit. */
export function harmlessVictimsOn(trial: Trial): Candidate | undefined {
  const victims = harmlessVictimsAmong(lowerPods(trial), trial);
  return victims && { node: trial.node, victims, cost: costOf(victims, 0) };
}

/** Who may have to leave the node, the most important first. */
function lowerPods({ cluster, node, preemptor }: Trial): readonly PodFacts[] {
  return [...cluster.podsOn(node)]
    .filter(({ shape }) => shape.priority < preemptor.shape.priority)
    .sort(compareImportance);
}
