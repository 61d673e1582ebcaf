import type { Cluster } from "../framework/cluster.ts";
import { CountersInUse } from "../framework/counts/counters.ts";
import { judge, refusalsOf } from "../framework/judgement.ts";
import type { Plugin } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import type { Remedy } from "../framework/remedy.ts";

/** Changes that together would let the pod onto some nodes. */
export interface Suggestion {
  readonly changes: readonly Remedy[];
  /** Names of the nodes that this much of a change opens. */
  readonly nodes: readonly string[];
}

/**
 * What would help a pod that fits nowhere, the smallest first: few changes before many, small before large, those that open many nodes before
 * those that open few. Of each sort the smallest.
 */
export function suggestionsFor(
  shape: PodShape,
  {
    plugins,
    cluster,
    most,
  }: { readonly plugins: readonly Plugin[]; readonly cluster: Cluster; readonly most: number },
): readonly Suggestion[] {
  const sorts = Map.groupBy(remediesByNode(shape, plugins, cluster), ({ sort }) => sort);
  return Array.from(sorts.values(), smallest)
    .sort((a, b) => a.changes.length - b.changes.length || a.size - b.size || b.nodes.length - a.nodes.length)
    .slice(0, most)
    .map(({ changes, nodes }) => ({ changes, nodes: nodes.map((node) => cluster.nodes.name(node)) }));
}

interface NodeRemedies {
  readonly node: number;
  readonly remedies: readonly Remedy[];
  readonly sort: string;
  readonly size: number;
}

/** Nodes that one of those who refuse them knows no way to open are left out. */
function remediesByNode(
  shape: PodShape,
  plugins: readonly Plugin[],
  cluster: Cluster,
): readonly NodeRemedies[] {
  const counters = new CountersInUse(cluster.counters);
  const judgement = judge(plugins, shape, cluster, counters);
  const remediesOf = new Map(plugins.map((plugin) => [plugin.name, plugin.remedies?.(shape, cluster)]));
  const found: NodeRemedies[] = [];
  for (const node of cluster.nodes) {
    const byPlugin = refusalsOf(judgement, node).map(({ plugin }) => remediesOf.get(plugin)?.(node) ?? []);
    if (byPlugin.some(({ length }) => length === 0)) continue;
    const remedies = differing(byPlugin.flat());
    found.push({ node, remedies, sort: remedies.map(sortOf).join("; "), size: sizeOf(remedies) });
  }
  counters.release();
  return found;
}

/** Two plugins may have the same remedy: it is done once. */
function differing(remedies: readonly Remedy[]): readonly Remedy[] {
  return [...new Map(remedies.map((remedy) => [sortOf(remedy), remedy])).values()];
}

function smallest(ofSort: readonly NodeRemedies[]): {
  readonly changes: readonly Remedy[];
  readonly size: number;
  readonly nodes: readonly number[];
} {
  let size = Number.POSITIVE_INFINITY;
  for (const one of ofSort) size = Math.min(size, one.size);
  const best = ofSort.filter((one) => one.size === size);
  return { changes: best[0]?.remedies ?? [], size, nodes: best.map(({ node }) => node) };
}

/** Remedies of the same sort differ only in how much of it they need. */
function sortOf(remedy: Remedy): string {
  switch (remedy.type) {
    case "lower-request":
      return `${remedy.type} ${remedy.resource}`;
    case "raise-max-skew":
      return `${remedy.type} ${remedy.topologyKey}`;
    case "allow-more-pods":
    case "uncordon-node":
      return remedy.type;
    default:
      return JSON.stringify(remedy);
  }
}

/** Between 0 and 1 for what is a matter of degree, 1 for each other change. */
function sizeOf(remedies: readonly Remedy[]): number {
  let size = 0;
  for (const remedy of remedies) {
    if (remedy.type === "lower-request") size += remedy.by / remedy.of;
    else if (remedy.type === "raise-max-skew") size += 1 - 1 / (1 + remedy.to);
    else if (remedy.type === "move-pods") size += remedy.pods.length;
    else size += 1;
  }
  return size;
}
