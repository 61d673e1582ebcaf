import type { Cluster } from "../../framework/cluster.ts";
import type { CountersInUse } from "../../framework/counts/counters.ts";
import { termsOf } from "../../framework/counts/pod-terms.ts";
import type { Domain } from "../../framework/domain-trait.ts";
import { absent, type LabelColumn } from "../../framework/nodes/label-columns.ts";
import type { Trait, TraitScore } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { countMatching } from "./counted-terms.ts";

export interface PreferenceOptions {
  readonly cluster: Cluster;
  readonly counters: CountersInUse;
  /** Of what pods that are there require. */
  readonly requiredWeight: number;
}

/** The sum of weights of all wishes that a node would meet: those of the pod, and those of pods that are there; the least gets 0, the most 100. */
export function scoreByPods(shape: PodShape, options: PreferenceOptions): TraitScore | undefined {
  const wishes = [...own(shape, options), ...others(shape, options)];
  if (wishes.length === 0) return undefined;
  const byColumn = Map.groupBy(wishes, ({ pods }) => pods.column);
  const columns = [...byColumn.keys()];
  const shared = columns.filter((column) => !column.isUnique);
  const onNode = columns.filter((column) => column.isUnique);
  const sumIn = (column: LabelColumn, domain: number) => {
    if (domain === absent) return 0;
    let sum = 0;
    for (const { pods, weight } of byColumn.get(column) ?? []) sum += weight * pods.in(domain);
    return sum;
  };
  const sumOnNode: Trait = (node) => {
    let sum = 0;
    for (const column of onNode) sum += sumIn(column, column.of(node));
    return sum;
  };
  return {
    by: "traits",
    traits: [
      sumOnNode,
      ...shared.map(
        (column): Trait =>
          (node) =>
            column.of(node),
      ),
    ],
    score(groups, scores) {
      const sums = groups.map(({ traits }) => {
        let sum = traits[0] as number;
        for (let at = 0; at < shared.length; at += 1) {
          sum += sumIn(shared[at] as LabelColumn, traits[at + 1] as number);
        }
        return sum;
      });
      spreadOut(sums, scores);
    },
  };
}

interface Wish {
  readonly weight: number;
  readonly pods: Domain;
}

function own(shape: PodShape, { cluster, counters }: PreferenceOptions): readonly Wish[] {
  return termsOf(shape).preferred.map(({ term, weight }) => ({
    weight,
    pods: countMatching([term], term.topologyKey, { cluster, counters }),
  }));
}

function others(shape: PodShape, { cluster, requiredWeight }: PreferenceOptions): readonly Wish[] {
  return cluster.heldTerms
    .matching(shape)
    .filter(({ role }) => role !== "forbidden")
    .map(({ role, weight, holders }) => ({
      weight: role === "required" ? requiredWeight : weight,
      pods: holders,
    }));
}

function spreadOut(sums: readonly number[], scores: number[]): void {
  let least = Infinity;
  let most = -Infinity;
  for (const sum of sums) {
    if (sum < least) least = sum;
    if (sum > most) most = sum;
  }
  const range = most - least;
  for (let at = 0; at < sums.length; at += 1) {
    scores[at] = range === 0 ? 0 : Math.floor(100 * (((sums[at] as number) - least) / range));
  }
}
