import type { Cluster } from "../framework/cluster.ts";
import { CountersInUse } from "../framework/counts/counters.ts";
import { judge, refusalsOf } from "../framework/judgement.ts";
import type { NodeIndex, Plugin } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";
import type { Relabelling } from "../framework/relabel.ts";
import type { Remedy } from "../framework/remedy.ts";
import { mostLabelTrials } from "../limits.ts";
import { sortOf } from "./remedy-sort.ts";

/**
 * Finds out whether other labels open a node, by giving it those labels for a moment. A node that is in another zone has other pods near it, and its
 * volumes may be out of reach: what lets it through one filter may have another refuse it.
 */
export class LabelTrial {
  readonly #shape: PodShape;
  readonly #plugins: readonly Plugin[];
  readonly #cluster: Cluster;
  #left = mostLabelTrials;

  constructor(shape: PodShape, plugins: readonly Plugin[], cluster: Cluster) {
    this.#shape = shape;
    this.#plugins = plugins;
    this.#cluster = cluster;
  }

  /**
   * Those of the nodes that the changes open. Of many nodes the first are tried; when they are all opened, the others, which need the same, are taken to be.
   */
  openedBy(changes: readonly Remedy[], nodes: readonly NodeIndex[]): readonly NodeIndex[] {
    const relabelling = changes.find((remedy) => remedy.type === "label-node");
    if (!relabelling) return nodes;
    const others = changes.filter((remedy) => remedy !== relabelling);
    const tried = nodes.slice(0, this.#left);
    this.#left -= tried.length;
    const opened = tried.filter((node) => this.#opens(node, relabelling.labels, others));
    return tried.length > 0 && opened.length === tried.length ? nodes : opened;
  }

  /** Who still refuses the node has no more to ask for than the other changes. */
  #opens(node: NodeIndex, labels: Relabelling, others: readonly Remedy[]): boolean {
    const cluster = this.#cluster;
    return cluster.withLabels(node, labels, () => {
      const counters = new CountersInUse(cluster.counters);
      const judgement = judge(this.#plugins, this.#shape, cluster, counters);
      const refusals = refusalsOf(judgement, node);
      counters.release();
      if (others.length === 0) return refusals.length === 0;
      return refusals.every(({ plugin: name }) => {
        const plugin = this.#plugins.find((one) => one.name === name);
        const remedies = plugin?.remedies?.(this.#shape, cluster)(node) ?? [];
        return (
          remedies.length > 0 && remedies.every((remedy) => others.some((other) => covers(other, remedy)))
        );
      });
    });
  }
}

/** Whether who does the one has done the other as well. */
function covers(done: Remedy, asked: Remedy): boolean {
  if (sortOf(done) !== sortOf(asked)) return false;
  return amountOf(done) >= amountOf(asked);
}

function amountOf(remedy: Remedy): number {
  if ("by" in remedy) return remedy.by;
  return "to" in remedy ? remedy.to : 0;
}
