import type { Cluster } from "../../framework/cluster.ts";
import type { CountersInUse } from "../../framework/counts/counters.ts";
import { domainTrait } from "../../framework/domain-trait.ts";
import { absent } from "../../framework/nodes/label-columns.ts";
import { rejection, type TraitFilter } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { compileConstraint, countSpread } from "./constraint.ts";

const tooUneven = rejection("node(s) didn't match pod topology spread constraints", { isResolvable: true });
const noTopology = rejection(
  "node(s) didn't match pod topology spread constraints (missing required label)",
  { isResolvable: false },
);

/** With the pod, no domain may have more than `maxSkew` pods above the one with the fewest. */
export function filterBySpread(
  shape: PodShape,
  cluster: Cluster,
  counters: CountersInUse,
): TraitFilter | undefined {
  const constraints = hardConstraints(shape);
  if (constraints.length === 0) return undefined;
  const keys = constraints.map(({ topologyKey }) => topologyKey);
  const rules = constraints.map((constraint) => {
    const pods = countSpread(constraint, { shape, cluster, counters, keys });
    const { trait, isNode } = domainTrait(pods.column, (node) => pods.in(pods.column.of(node)));
    const { maxSkew, minDomains, selector } = constraint;
    const self = Number(selector.matches(shape.labels));
    const isTooUneven = (value: number) => {
      const count = isNode ? value : pods.in(value);
      const least = pods.domains < minDomains ? 0 : pods.least;
      return count + self - least > maxSkew;
    };
    return { trait, isTooUneven };
  });
  return {
    by: "traits",
    traits: rules.map(({ trait }) => trait),
    refuse(traits) {
      for (let at = 0; at < rules.length; at += 1) {
        const value = traits[at] as number;
        if (value === absent) return noTopology;
        if ((rules[at] as (typeof rules)[number]).isTooUneven(value)) return tooUneven;
      }
      return undefined;
    },
  };
}

export function hardConstraints(shape: PodShape): ReturnType<typeof compileConstraint>[] {
  return (shape.spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule")
    .map((constraint) => compileConstraint(constraint, shape));
}
