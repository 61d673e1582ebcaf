import { jsonEqual } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import type { ClusterEvent, Plugin } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { filterBySpread, hardConstraints, remediesBySpread } from "./hard.ts";
import { scoreBySpread, softConstraints } from "./soft.ts";

/** Pods of an application are spread over zones, hosts, or whatever label of nodes: evenly where they must be, rather evenly otherwise. */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  filter: filterBySpread,
  score: scoreBySpread,
  weight: 2,
  inputs,
  remedies: remediesBySpread,
  mayHelp,
};

/** What defaults select by, and whether domains are nodes. */
function inputs(shape: PodShape, cluster: Cluster): string {
  const constraints = [...hardConstraints(shape), ...softConstraints(shape, cluster).constraints];
  return constraints
    .map(({ topologyKey, selectorKey }) => {
      return `${selectorKey} ${cluster.nodes.labels.column(topologyKey).isUnique}`;
    })
    .join();
}

/** Whether the number of pods that match has changed, or where nodes are. */
function mayHelp(event: ClusterEvent, shape: PodShape): boolean {
  const constraints = hardConstraints(shape);
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
