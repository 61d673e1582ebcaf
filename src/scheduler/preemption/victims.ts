import type { Cluster } from "../framework/cluster.ts";
import type { NodeIndex } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import { type BudgetsOf, violating } from "./budgets.ts";
import { type Candidate, compareImportance, costOf } from "./candidate.ts";

export interface Trial {
  readonly preemptor: PodFacts;
  readonly node: NodeIndex;
  readonly cluster: Cluster;
  readonly budgetsOf: BudgetsOf;
  /** Victims of others that are still to go, by UID. */
  readonly condemned: ReadonlyMap<string, PodFacts>;
  /** Whether the preemptor fits on the node as the cluster is at this moment. */
  readonly fits: () => boolean;
}

/**
 * Who would have to leave the node so that the preemptor fits there; undefined when even all lower pods would not be enough, or when nobody
 * need go. First all of them go, then as many as possible come back: those that budgets protect before the others, and of
 * each the most important first.
 */
export function victimsOn(trial: Trial): Candidate | undefined {
  const { preemptor, node, cluster, fits } = trial;
  const lower = [...cluster.podsOn(node)]
    .filter(({ shape }) => shape.priority < preemptor.shape.priority)
    .sort(compareImportance);
  if (lower.length === 0) return undefined;
  const protectedOnes = violating({ ...trial, pods: lower });
  const isProtected = (pod: PodFacts) => protectedOnes.has(pod);
  const order = [...lower.filter(isProtected), ...lower.filter((pod) => !isProtected(pod))];
  const victims = cluster.without(lower, () => (fits() ? notReprieved(order, trial) : undefined));
  if (!victims?.length) return undefined;
  victims.sort(compareImportance);
  return { node, victims, cost: costOf(victims, violating({ ...trial, pods: victims }).size) };
}

/** Lets one after the other come back, and keeps those with whom the preemptor would not fit. */
function notReprieved([next, ...others]: readonly PodFacts[], trial: Trial): PodFacts[] {
  if (!next) return [];
  const { cluster, node, fits } = trial;
  const left = cluster.with([next], node, () => (fits() ? notReprieved(others, trial) : undefined));
  return left ?? [next, ...notReprieved(others, trial)];
}
