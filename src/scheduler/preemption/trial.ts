import type { Cluster } from "../framework/cluster.ts";
import type { NodeIndex } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import type { BudgetsOf } from "./budgets.ts";

/** What would be on a node if some of its pods left. */
export interface Trial {
  readonly preemptor: PodFacts;
  readonly node: NodeIndex;
  readonly cluster: Cluster;
  readonly budgetsOf: BudgetsOf;
  /** Victims of others that are still to go, by UID. */
  readonly condemned: ReadonlyMap<string, PodFacts>;
  /** Whether the preemptor fits on the node as the cluster is at this moment. */
  readonly fits: () => boolean;
  /** How much may still be tried for this preemptor, on all nodes, to spare budgets. Counts down. */
  readonly patience: { trials: number };
}

/** Lets one after the other come back, and keeps those with whom the preemptor would not fit. In the order given. */
export function notReprieved([next, ...others]: readonly PodFacts[], trial: Trial): PodFacts[] {
  if (!next) return [];
  const { cluster, node, fits } = trial;
  const left = cluster.with([next], node, () => (fits() ? notReprieved(others, trial) : undefined));
  return left ?? [next, ...notReprieved(others, trial)];
}
