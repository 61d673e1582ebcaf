import type { Cluster } from "../../framework/cluster.ts";
import type { CountersInUse } from "../../framework/counts/counters.ts";
import { termsOf } from "../../framework/counts/pod-terms.ts";
import { type Domain, domainTrait } from "../../framework/domain-trait.ts";
import { absent } from "../../framework/nodes/label-columns.ts";
import { type Rejection, rejection, type Trait, type TraitFilter } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { countMatching } from "./counted-terms.ts";

const notNear = rejection("node(s) didn't match pod affinity rules", { isResolvable: false });
const notFar = rejection("node(s) didn't match pod anti-affinity rules", { isResolvable: true });
const notWanted = rejection("node(s) didn't satisfy existing pods anti-affinity rules", {
  isResolvable: true,
});

/** Required affinity and anti-affinity of the pod, and required anti-affinity of pods that are there. */
export function filterByPods(
  shape: PodShape,
  cluster: Cluster,
  counters: CountersInUse,
): TraitFilter | undefined {
  const rules = [
    ...affinity(shape, cluster, counters),
    ...antiAffinity(shape, cluster, counters),
    ...others(shape, cluster),
  ];
  if (rules.length === 0) return undefined;
  return {
    by: "traits",
    traits: rules.map(({ trait }) => trait),
    refuse(traits) {
      for (let at = 0; at < rules.length; at += 1) {
        const refused = (rules[at] as Rule).refuse(traits[at] as number);
        if (refused) return refused;
      }
      return undefined;
    },
  };
}

interface Rule {
  readonly trait: Trait;
  refuse(trait: number): Rejection | undefined;
}

/** In each topology there must be a pod that matches all terms. The first of pods that want to be together may go anywhere. */
function affinity(shape: PodShape, cluster: Cluster, counters: CountersInUse): readonly Rule[] {
  const { required } = termsOf(shape);
  const keys = [...new Set(required.map((term) => term.topologyKey))];
  const counts = keys.map((key) => countMatching(required, key, { cluster, counters }));
  const matchesItself = required.every((term) => term.matches(shape, cluster.listers));
  const isFirst = () => matchesItself && counts.every(({ total }) => total === 0);
  return counts.map((pods) => {
    const domain = domainTrait(pods.column, (node) => Math.min(1, pods.in(pods.column.of(node))));
    return {
      trait: domain.trait,
      refuse(trait) {
        if (trait === absent) return notNear;
        const isNear = (domain.isNode ? trait : pods.in(trait)) > 0;
        return isNear || isFirst() ? undefined : notNear;
      },
    };
  });
}

function antiAffinity(shape: PodShape, cluster: Cluster, counters: CountersInUse): readonly Rule[] {
  return termsOf(shape).forbidden.map((term) => {
    const pods = countMatching([term], term.topologyKey, { cluster, counters });
    return unlessAnyIn([pods], notFar);
  });
}

/** What pods that are there do not want near them, topology by topology. */
function others(shape: PodShape, { heldTerms }: Cluster): readonly Rule[] {
  const held = heldTerms.matching(shape).filter(({ role }) => role === "forbidden");
  const byColumn = Map.groupBy(
    held.map(({ holders }) => holders),
    ({ column }) => column,
  );
  return Array.from(byColumn.values(), (holders) => unlessAnyIn(holders, notWanted));
}

/** Counts of one column. */
function unlessAnyIn(counts: readonly Domain[], refused: Rejection): Rule {
  const { column } = counts[0] as Domain;
  const isAnyIn = (domain: number) => {
    for (const pods of counts) if (pods.in(domain) > 0) return true;
    return false;
  };
  const { trait, isNode } = domainTrait(column, (node) => Number(isAnyIn(column.of(node))));
  return {
    trait,
    refuse(value) {
      if (value === absent) return undefined;
      return (isNode ? value > 0 : isAnyIn(value)) ? refused : undefined;
    },
  };
}
