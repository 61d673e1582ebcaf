import type { Cluster } from "../../framework/cluster.ts";
import type { AffinityTerm } from "../../framework/counts/affinity-term.ts";
import type { CountersInUse } from "../../framework/counts/counters.ts";
import type { PodCounts } from "../../framework/counts/pod-counts.ts";

/** Pods that match all of these terms, by domain of the topology key. */
export function countMatching(
  terms: readonly AffinityTerm[],
  topologyKey: string,
  { cluster, counters }: { readonly cluster: Cluster; readonly counters: CountersInUse },
): PodCounts {
  const { listers } = cluster;
  // Labels of namespaces change seldom; what was counted by them is then counted anew.
  const namespaces = terms.some((term) => term.selectsNamespaces) ? listers.namespaces.version : 0;
  return counters.of({
    key: `affinity ${topologyKey} ${namespaces} ${terms.map(({ key }) => key).join(" ")}`,
    topologyKey,
    matches: (shape) => terms.every((term) => term.matches(shape, listers)),
  });
}
