import { jsonEqual } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import type { ClusterEvent, Plugin } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import type { Constraint } from "./constraint.ts";
import { hardConstraints, softConstraints } from "./constraints-of.ts";
import { type SpreadDefaults, systemDefaults } from "./default-constraints.ts";
import { filterBySpread, remediesBySpread } from "./hard.ts";
import { scoreBySpread } from "./soft.ts";

export interface PodTopologySpreadOptions {
  /** For pods without constraints of their own. */
  readonly defaults?: SpreadDefaults;
}

/** Pods of an application are spread over zones, hosts, or whatever label of nodes: evenly where they must be, rather evenly otherwise. */
export function podTopologySpread({ defaults = systemDefaults }: PodTopologySpreadOptions = {}): Plugin {
  const hard = (shape: PodShape, { listers }: Cluster) => hardConstraints(shape, defaults, listers);
  const soft = (shape: PodShape, { listers }: Cluster) => softConstraints(shape, defaults, listers);
  return {
    name: "PodTopologySpread",
    filter: (shape, cluster, counters) => filterBySpread(hard(shape, cluster), { shape, cluster, counters }),
    score: (shape, cluster, counters) => scoreBySpread(soft(shape, cluster), { shape, cluster, counters }),
    weight: 2,
    /** What defaults select by, and whether domains are nodes. */
    inputs: (shape, cluster) =>
      [...hard(shape, cluster), ...soft(shape, cluster).constraints]
        .map(({ topologyKey, selectorKey }) => {
          return `${selectorKey} ${cluster.nodes.labels.column(topologyKey).isUnique}`;
        })
        .join(),
    remedies: (shape, cluster) => remediesBySpread(hard(shape, cluster), { shape, cluster }),
    mayHelp: (event, shape, cluster) => mayHelp(event, shape, hard(shape, cluster)),
  };
}

/** Whether the number of pods that match has changed, or where nodes are. */
function mayHelp(event: ClusterEvent, shape: PodShape, constraints: readonly Constraint[]): boolean {
  const isCounted = (pod: PodShape) =>
    pod.namespace === shape.namespace && constraints.some(({ selector }) => selector.matches(pod.labels));
  switch (event.type) {
    case "pod-added":
    case "pod-removed":
      return isCounted(event.pod.shape);
    case "pod-updated":
      return isCounted(event.pod.shape) || isCounted(event.old.shape);
    case "node-added":
    case "node-removed":
      return true;
    case "node-updated": {
      const { node, old } = event;
      return (
        !jsonEqual(node.metadata?.labels, old.metadata?.labels) ||
        !jsonEqual(node.spec?.taints, old.spec?.taints)
      );
    }
    case "object-changed":
      return false;
  }
}
