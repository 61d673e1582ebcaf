import type { Cluster } from "../../framework/cluster.ts";
import { CountersInUse } from "../../framework/counts/counters.ts";
import { domainTrait } from "../../framework/domain-trait.ts";
import { absent } from "../../framework/nodes/label-columns.ts";
import { type NodeIndex, rejection, type Trait, type TraitFilter } from "../../framework/plugin.ts";
import { isChangeable } from "../../framework/relabel.ts";
import type { Remedy } from "../../framework/remedy.ts";
import { type Constraint, countSpread, type SpreadOptions } from "./constraint.ts";

const tooUneven = rejection("node(s) didn't match pod topology spread constraints", { isResolvable: true });
const noTopology = rejection(
  "node(s) didn't match pod topology spread constraints (missing required label)",
  { isResolvable: false },
);

/** With the pod, no domain may have more than `maxSkew` pods above the one with the fewest. */
export function filterBySpread(
  constraints: readonly Constraint[],
  options: Omit<SpreadOptions, "keys">,
): TraitFilter | undefined {
  const rules = rulesOf(constraints, options);
  if (rules.length === 0) return undefined;
  return {
    by: "traits",
    traits: rules.map(({ trait }) => trait),
    refuse(traits) {
      for (let at = 0; at < rules.length; at += 1) {
        const value = traits[at] as number;
        if (value === absent) return noTopology;
        const { skew, maxSkew } = rules[at] as Rule;
        if (skew(value) > maxSkew) return tooUneven;
      }
      return undefined;
    },
  };
}

/** What would let the pod onto a node that was refused. */
export function remediesBySpread(
  constraints: readonly Constraint[],
  { shape, cluster }: Pick<SpreadOptions, "shape" | "cluster">,
): (node: NodeIndex) => readonly Remedy[] {
  const counters = new CountersInUse(cluster.counters);
  const rules = rulesOf(constraints, { shape, cluster, counters });
  counters.release();
  /** By rule, for the first node that asks: it takes a look at all of them. */
  const emptiest: (Remedy | "impossible")[] = [];
  return (node) => {
    const found = rules.map((rule, index): Remedy | "met" | "impossible" => {
      const { trait, skew, maxSkew, topologyKey } = rule;
      const value = trait(node);
      if (value === absent) {
        emptiest[index] ??= intoEmptiest(rule, cluster);
        return emptiest[index];
      }
      return skew(value) > maxSkew ? { type: "raise-max-skew", topologyKey, to: skew(value) } : "met";
    });
    if (found.includes("impossible")) return [];
    return found.filter((remedy) => typeof remedy === "object");
  };
}

/** A label that takes a node without one into the domain with the fewest pods. */
function intoEmptiest(
  { topologyKey, trait, skew, maxSkew }: Rule,
  { nodes }: Cluster,
): Remedy | "impossible" {
  const column = nodes.labels.column(topologyKey);
  let emptiest: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    const value = trait(node);
    if (value === absent || skew(value) >= least) continue;
    least = skew(value);
    emptiest = column.of(node);
  }
  if (emptiest === undefined || least > maxSkew || !isChangeable(topologyKey)) return "impossible";
  return { type: "label-node", labels: { [topologyKey]: column.value(emptiest) } };
}

interface Rule {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly trait: Trait;
  /** What the skew would be with the pod. */
  skew(trait: number): number;
}

function rulesOf(constraints: readonly Constraint[], options: Omit<SpreadOptions, "keys">): readonly Rule[] {
  const { shape } = options;
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  return constraints.map((constraint) => {
    const { topologyKey, maxSkew, minDomains, selector } = constraint;
    const pods = countSpread(constraint, { ...options, keys });
    const { trait, isNode } = domainTrait(pods.column, (node) => pods.in(pods.column.of(node)));
    const self = Number(selector.matches(shape.labels));
    const skew = (value: number) => {
      const least = pods.domains < minDomains ? 0 : pods.least;
      return (isNode ? value : pods.in(value)) + self - least;
    };
    return { topologyKey, maxSkew, trait, skew };
  });
}
