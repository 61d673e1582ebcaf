import type { Cluster } from "../../framework/cluster.ts";
import type { AffinityTerm } from "../../framework/counts/affinity-term.ts";
import { termsOf } from "../../framework/counts/pod-terms.ts";
import { absent, type LabelColumn } from "../../framework/nodes/label-columns.ts";
import type { NodeIndex } from "../../framework/plugin.ts";
import type { PodFacts } from "../../framework/pod-facts.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { isChangeable } from "../../framework/relabel.ts";
import type { Remedy } from "../../framework/remedy.ts";

/** Which pods are missing near a node, and which are in the way there. Nothing where some term cannot be met. */
export function remediesByPods(shape: PodShape, cluster: Cluster): (node: NodeIndex) => readonly Remedy[] {
  const { listers, nodes } = cluster;
  const { required, forbidden } = termsOf(shape);
  const isWanted = (other: PodFacts) => required.every((term) => term.matches(other.shape, listers));
  const wanted = required.map(({ topologyKey, pods, selectsNothing }) => {
    const column = nodes.labels.column(topologyKey);
    const domains = domainsOf(cluster, column, isWanted);
    const [somewhere] = domains.keys();
    return (node: NodeIndex): Remedy | "met" | "impossible" => {
      const domain = column.of(node);
      if (domains.has(domain)) return "met";
      if (domain !== absent)
        return selectsNothing ? "impossible" : { type: "start-pod-near", pods, topologyKey };
      if (somewhere === undefined || !isChangeable(topologyKey)) return "impossible";
      return { type: "label-node", labels: { [topologyKey]: column.value(somewhere) } };
    };
  });
  const inTheWay = ({ topologyKey }: AffinityTerm, isUnwanted: (other: PodFacts) => boolean) => {
    const column = nodes.labels.column(topologyKey);
    const domains = domainsOf(cluster, column, isUnwanted);
    return (node: NodeIndex): Remedy | "met" => {
      const pods = domains.get(column.of(node));
      return pods ? { type: "move-pods", topologyKey, pods } : "met";
    };
  };
  const unwanted = forbidden.map((term) => inTheWay(term, (other) => term.matches(other.shape, listers)));
  const unwanting = cluster.heldTerms
    .matching(shape)
    .filter(({ role }) => role === "forbidden")
    .map(({ term }) =>
      inTheWay(term, (other) => termsOf(other.shape).forbidden.some(({ key }) => key === term.key)),
    );
  return (node) => {
    const found = [...wanted, ...unwanted, ...unwanting].map((remedy) => remedy(node));
    if (found.includes("impossible")) return [];
    return found.filter((remedy) => typeof remedy === "object");
  };
}

/** The names of pods, by domain. */
function domainsOf(
  cluster: Cluster,
  column: LabelColumn,
  isMeant: (other: PodFacts) => boolean,
): ReadonlyMap<number, readonly string[]> {
  const domains = new Map<number, string[]>();
  for (const node of cluster.nodes) {
    const domain = column.of(node);
    if (domain === absent) continue;
    for (const other of cluster.podsOn(node)) {
      if (!isMeant(other)) continue;
      const pods = domains.get(domain) ?? [];
      pods.push(other.key);
      domains.set(domain, pods);
    }
  }
  return domains;
}
