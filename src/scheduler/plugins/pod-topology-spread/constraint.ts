import {
  compileLabelSelector,
  nothing,
  type Selector,
  type TopologySpreadConstraint,
  untoleratedTaint,
} from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import { requirementsOf, withRequirements } from "../../framework/counts/affinity-term.ts";
import type { CountersInUse } from "../../framework/counts/counters.ts";
import type { PodCounts } from "../../framework/counts/pod-counts.ts";
import { absent } from "../../framework/nodes/label-columns.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { requiredNodes } from "../../framework/required-nodes.ts";

/** A spread constraint as a pod of some shape means it, with its defaults. */
export interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** Equal for selectors that select the same pods. */
  readonly selectorKey: string;
  /** Only nodes where the pod's node affinity lets it go count, unless ignored. */
  readonly honorsAffinity: boolean;
  /** Only nodes whose taints it tolerates count. */
  readonly honorsTaints: boolean;
}

export function compileConstraint(constraint: TopologySpreadConstraint, shape: PodShape): Constraint {
  const { topologyKey, maxSkew, minDomains = 1, labelSelector, matchLabelKeys } = constraint;
  const ofKeys = requirementsOf(shape.labels, matchLabelKeys, "In");
  return {
    topologyKey,
    maxSkew,
    minDomains,
    selector: labelSelector ? withRequirements(compileLabelSelector(labelSelector), ofKeys) : nothing,
    selectorKey: JSON.stringify([labelSelector, ofKeys]),
    honorsAffinity: constraint.nodeAffinityPolicy !== "Ignore",
    honorsTaints: constraint.nodeTaintsPolicy === "Honor",
  };
}

/** The pods of a constraint, by domain: those of the pod's namespace that match, on nodes that have all of the topology keys. */
export function countSpread(
  { topologyKey, selector, selectorKey, honorsAffinity, honorsTaints }: Constraint,
  { shape, cluster, counters, keys }: SpreadOptions,
): PodCounts {
  const { namespace, spec } = shape;
  const { nodes } = cluster;
  const columns = keys.map((key) => nodes.labels.column(key));
  const isAllowed = honorsAffinity ? requiredNodes(spec, nodes) : undefined;
  const isTolerated = (node: number) => {
    const taints = nodes.taintSets.taints(nodes.taintSet.values[node] as number);
    return !untoleratedTaint(taints, spec.tolerations ?? [], ["NoSchedule", "NoExecute"]);
  };
  const allowed = isAllowed ? [spec.nodeSelector, spec.affinity?.nodeAffinity] : 0;
  const tolerated = honorsTaints ? [spec.tolerations] : 0;
  return counters.of({
    key: `spread ${JSON.stringify([topologyKey, namespace, selectorKey, keys, allowed, tolerated])}`,
    topologyKey,
    ignoresTerminating: true,
    // As in Kubernetes: a selector of everything counts nobody.
    matches: (pod) => pod.namespace === namespace && !selector.isEverything && selector.matches(pod.labels),
    isEligible: (node) =>
      columns.every((column) => column.of(node) !== absent) &&
      isAllowed?.(node) !== false &&
      (!honorsTaints || isTolerated(node)),
  });
}

export interface SpreadOptions {
  readonly shape: PodShape;
  readonly cluster: Cluster;
  readonly counters: CountersInUse;
  /** Topology keys that a node must have for its pods to count. */
  readonly keys: readonly string[];
}
