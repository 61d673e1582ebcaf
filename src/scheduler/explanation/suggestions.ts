import type { Cluster } from "../framework/cluster.ts";
import { CountersInUse } from "../framework/counts/counters.ts";
import { judge, refusalsOf } from "../framework/judgement.ts";
import type { Plugin } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import { mergedRelabelling, type Relabelling } from "../framework/relabel.ts";
import type { Remedy } from "../framework/remedy.ts";
import { LabelTrial } from "./label-trial.ts";
import { sortOf } from "./remedy-sort.ts";

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
  const ordered = Array.from(sorts.values(), smallest).sort(
    (a, b) => a.changes.length - b.changes.length || a.size - b.size || b.nodes.length - a.nodes.length,
  );
  const trial = new LabelTrial(shape, plugins, cluster);
  const found: Suggestion[] = [];
  for (const { changes, nodes } of ordered) {
    if (found.length === most) break;
    const opened = trial.openedBy(changes, nodes);
    if (opened.length > 0) found.push({ changes, nodes: opened.map((node) => cluster.nodes.name(node)) });
  }
  return found;
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
    // It would take the pod, but room on it is kept for others.
    if (byPlugin.length === 0) continue;
    if (byPlugin.some(({ length }) => length === 0)) continue;
    const remedies = together(byPlugin.flat());
    if (!remedies) continue;
    found.push({ node, remedies, sort: remedies.map(sortOf).join("; "), size: sizeOf(remedies) });
  }
  counters.release();
  return found;
}

/** Two plugins may have the same remedy: it is done once. Labels are changed together; undefined when these contradict each other. */
function together(remedies: readonly Remedy[]): readonly Remedy[] | undefined {
  let labels: Relabelling | undefined = {};
  for (const remedy of remedies) {
    if (remedy.type !== "label-node") continue;
    labels = mergedRelabelling(labels, remedy.labels);
    if (!labels) return undefined;
  }
  const all = remedies.map((remedy) => (remedy.type === "label-node" ? { ...remedy, labels } : remedy));
  return [...new Map(all.map((remedy) => [sortOf(remedy), remedy])).values()];
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

/** Between 0 and 1 for what is a matter of degree, 1 for each other change. */
function sizeOf(remedies: readonly Remedy[]): number {
  let size = 0;
  for (const remedy of remedies) {
    if (remedy.type === "lower-request") size += remedy.by / remedy.of;
    else if (remedy.type === "raise-max-skew") size += 1 - 1 / (1 + remedy.to);
    else if (remedy.type === "move-pods") size += remedy.pods.length;
    else if (remedy.type === "label-node") size += Object.keys(remedy.labels).length;
    else size += 1;
  }
  return size;
}
