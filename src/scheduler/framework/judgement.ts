import type { Cluster } from "./cluster.ts";
import type { CountersInUse } from "./counts/counters.ts";
import type {
  NodeFilter,
  NodeIndex,
  NodeScore,
  Plugin,
  Rejection,
  Trait,
  TraitFilter,
  TraitScore,
} from "./plugin.ts";
import type { PodShape } from "./pod-shape.ts";

/** What the plugins of a profile have to say about pods of one shape. */
export interface Judgement {
  /** In the order of plugins. */
  readonly filters: readonly Named<NodeFilter | TraitFilter>[];
  readonly nodeFilters: readonly Named<NodeFilter>[];
  readonly traitFilters: readonly TraitFilter[];
  readonly nodeScores: readonly Weighted<NodeScore>[];
  readonly traitScores: readonly Weighted<TraitScore>[];
  /** The traits of all judges by traits, filters first. */
  readonly traits: readonly Trait[];
  /** Where in `traits` those of each judge begin. */
  readonly offsets: readonly number[];
}

export interface Named<J> {
  readonly plugin: string;
  readonly judge: J;
}

export interface Weighted<J> extends Named<J> {
  readonly weight: number;
}

export function judge(
  plugins: readonly Plugin[],
  shape: PodShape,
  cluster: Cluster,
  counters: CountersInUse,
): Judgement {
  const filters = plugins.flatMap((plugin) => {
    const filter = plugin.filter?.(shape, cluster, counters);
    return filter ? [{ plugin: plugin.name, judge: filter }] : [];
  });
  const scores = plugins.flatMap((plugin) => {
    const score = plugin.score?.(shape, cluster, counters);
    return score ? [{ plugin: plugin.name, judge: score, weight: plugin.weight ?? 1 }] : [];
  });
  const traitFilters = filters.flatMap(({ judge }) => (judge.by === "traits" ? [judge] : []));
  const traitScores = scores.flatMap((one) =>
    one.judge.by === "traits" ? [{ ...one, judge: one.judge }] : [],
  );
  const byTraits = [...traitFilters, ...traitScores.map((one) => one.judge)];
  const traits: Trait[] = [];
  const offsets = byTraits.map((one) => traits.push(...one.traits) - one.traits.length);
  return {
    filters,
    nodeFilters: filters.flatMap((one) => (one.judge.by === "node" ? [{ ...one, judge: one.judge }] : [])),
    traitFilters,
    nodeScores: scores.flatMap((one) => (one.judge.by === "node" ? [{ ...one, judge: one.judge }] : [])),
    traitScores,
    traits,
    offsets,
  };
}

/** What the plugins have read besides nodes and pods on them: while it is the same, so is their judgement. */
export function inputsOf(plugins: readonly Plugin[], shape: PodShape, cluster: Cluster): string {
  return plugins.map((plugin) => plugin.inputs?.(shape, cluster)).join("\n");
}

/** The nodes that are worth a look, as far as some filter can tell beforehand; undefined: all. */
export function candidatesOf({ nodeFilters }: Judgement): readonly NodeIndex[] | undefined {
  let fewest: readonly NodeIndex[] | undefined;
  for (const { judge } of nodeFilters) {
    const only = judge.only?.();
    if (only && (!fewest || only.length < fewest.length)) fewest = only;
  }
  return fewest;
}

export interface Refusal {
  readonly plugin: string;
  readonly rejection: Rejection;
}

/** The first that refuses a node for what it is alone. */
export function refusalAlone({ nodeFilters }: Judgement, node: NodeIndex): Refusal | undefined {
  for (let at = 0; at < nodeFilters.length; at += 1) {
    const { plugin, judge } = nodeFilters[at] as Named<NodeFilter>;
    const rejection = judge.refuse(node);
    if (rejection) return { plugin, rejection };
  }
  return undefined;
}

/** The first that refuses a node, as the cluster is at this moment. */
export function refusalOf({ filters }: Judgement, node: NodeIndex): Refusal | undefined {
  for (const { plugin, judge } of filters) {
    const rejection = ask(judge, node);
    if (rejection) return { plugin, rejection };
  }
  return undefined;
}

/** All that refuse a node, as the cluster is at this moment. */
export function refusalsOf({ filters }: Judgement, node: NodeIndex): readonly Refusal[] {
  return filters.flatMap(({ plugin, judge }) => {
    const rejection = ask(judge, node);
    return rejection ? [{ plugin, rejection }] : [];
  });
}

function ask(judge: NodeFilter | TraitFilter, node: NodeIndex): Rejection | undefined {
  return judge.by === "node" ? judge.refuse(node) : judge.refuse(judge.traits.map((trait) => trait(node)));
}
