import type { Cluster } from "../../framework/cluster.ts";
import { termsOf } from "../../framework/counts/pod-terms.ts";
import type { Plugin } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { mayHelp } from "./hints.ts";
import { scoreByPods } from "./preferred.ts";
import { remediesByPods } from "./remedies.ts";
import { filterByPods } from "./required.ts";

export interface InterPodAffinityOptions {
  /** How much a pod that is there wants another one near that it requires itself: Kubernetes' `hardPodAffinityWeight`. */
  readonly requiredWeight?: number;
}

/** Pods that want to be near to other pods, or far from them; both sides count: who is there already has wishes too. */
export function interPodAffinity({ requiredWeight = 1 }: InterPodAffinityOptions = {}): Plugin {
  return {
    name: "InterPodAffinity",
    filter: filterByPods,
    score: (shape, cluster, counters) => scoreByPods(shape, { cluster, counters, requiredWeight }),
    weight: 2,
    inputs,
    remedies: remediesByPods,
    mayHelp,
  };
}

/** Which terms of pods that are there speak of this pod, whether domains are nodes, and what namespaces are labelled. */
function inputs(shape: PodShape, { heldTerms, listers, nodes }: Cluster): string {
  const held = heldTerms.matching(shape);
  const { required, forbidden, preferred } = termsOf(shape);
  const own = [...required, ...forbidden, ...preferred.map(({ term }) => term)];
  if (held.length === 0 && own.length === 0) return "";
  const keys = new Set([...held.map(({ term }) => term), ...own].map(({ topologyKey }) => topologyKey));
  const unique = Array.from(keys, (key) => Number(nodes.labels.column(key).isUnique));
  const namespaces = own.some((term) => term.selectsNamespaces) ? listers.namespaces.version : 0;
  return `${held.map(({ id }) => id)} ${unique} ${namespaces}`;
}
