import type { Random } from "#base";
import type { Cluster } from "./cluster.ts";
import type { NodeState } from "./node-state.ts";
import type { NodeFilter, NodeScore, Plugin, Rejection } from "./plugin.ts";
import type { PodFacts } from "./pod-facts.ts";
import { nodesToFind } from "./sampling.ts";

/** The result of thinking about one pod. */
export type Placement =
  | {
      readonly type: "placed";
      readonly node: NodeState;
      /** Nodes looked at, and those of them that fit. */
      readonly examined: number;
      readonly feasible: number;
    }
  | {
      readonly type: "unschedulable";
      /** By node name. */
      readonly rejections: ReadonlyMap<string, Rejection>;
      /** The plugins that refused some node: what they wait for may help. */
      readonly rejectedBy: ReadonlySet<string>;
    };

/**
 * Decides where a pod goes. Filters run in order until one refuses; of the nodes that fit, the highest weighted score wins, ties by
 * `random`. In a large cluster it stops looking once enough nodes fit, and the next pod goes on from there.
 */
export class Placer {
  readonly #plugins: readonly Plugin[];
  readonly #random: Random;
  #start = 0;
  /** Reused from pod to pod. */
  readonly #feasible: NodeState[] = [];
  #totals = new Float64Array(128);
  #scores = new Float64Array(128);

  constructor(plugins: readonly Plugin[], random: Random) {
    this.#plugins = plugins;
    this.#random = random;
  }

  place(facts: PodFacts, cluster: Cluster): Placement {
    const filters = this.#filters(facts, cluster);
    const { nodes } = cluster;
    const wanted = nodesToFind(nodes.length);
    const feasible = this.#feasible;
    feasible.length = 0;
    let examined = 0;
    for (; examined < nodes.length && feasible.length < wanted; examined += 1) {
      const node = nodes[(this.#start + examined) % nodes.length] as NodeState;
      if (fits(node, filters)) feasible.push(node);
    }
    if (feasible.length === 0) return unschedulable(nodes, filters);
    this.#start = (this.#start + examined) % nodes.length;
    return { type: "placed", node: this.#best(facts, cluster), examined, feasible: feasible.length };
  }

  #filters(facts: PodFacts, cluster: Cluster): NamedFilter[] {
    const filters: NamedFilter[] = [];
    for (const { name, filter } of this.#plugins) {
      const ask = filter?.(facts, cluster);
      if (ask) filters.push({ name, ask });
    }
    return filters;
  }

  #best(facts: PodFacts, cluster: Cluster): NodeState {
    const feasible = this.#feasible;
    if (feasible.length === 1) return feasible[0] as NodeState;
    if (this.#totals.length < feasible.length) {
      this.#totals = new Float64Array(feasible.length * 2);
      this.#scores = new Float64Array(feasible.length * 2);
    }
    this.#totals.fill(0, 0, feasible.length);
    for (const plugin of this.#plugins) {
      const score = plugin.score?.(facts, cluster);
      if (score) this.#add(plugin, score);
    }
    return this.#highest();
  }

  #add({ normalize = "none", weight = 1 }: Plugin, score: NodeScore): void {
    const scores = this.#scores;
    const totals = this.#totals;
    const count = this.#feasible.length;
    let highest = 0;
    for (let at = 0; at < count; at += 1) {
      const own = score(this.#feasible[at] as NodeState);
      scores[at] = own;
      if (own > highest) highest = own;
    }
    for (let at = 0; at < count; at += 1) {
      totals[at] = (totals[at] as number) + weight * normalized(scores[at] as number, highest, normalize);
    }
  }

  /** Of several equally good ones, each with the same probability. */
  #highest(): NodeState {
    let best = 0;
    let ties = 1;
    for (let at = 1; at < this.#feasible.length; at += 1) {
      const difference = (this.#totals[at] as number) - (this.#totals[best] as number);
      if (difference > 0) {
        best = at;
        ties = 1;
      } else if (difference === 0) {
        ties += 1;
        if (this.#random.uint32() % ties === 0) best = at;
      }
    }
    return this.#feasible[best] as NodeState;
  }
}

interface NamedFilter {
  readonly name: string;
  readonly ask: NodeFilter;
}

function fits(node: NodeState, filters: readonly NamedFilter[]): boolean {
  for (let at = 0; at < filters.length; at += 1) {
    if ((filters[at] as NamedFilter).ask(node) !== undefined) return false;
  }
  return true;
}

/** Asks again, this time for the reasons: only pods that fit nowhere pay for them. */
function unschedulable(nodes: readonly NodeState[], filters: readonly NamedFilter[]): Placement {
  const rejections = new Map<string, Rejection>();
  const rejectedBy = new Set<string>();
  for (const node of nodes) {
    for (const { name, ask } of filters) {
      const refused = ask(node);
      if (!refused) continue;
      rejections.set(node.name, refused);
      rejectedBy.add(name);
      break;
    }
  }
  return { type: "unschedulable", rejections, rejectedBy };
}

function normalized(score: number, highest: number, how: "none" | "highest" | "lowest"): number {
  if (how === "none") return score;
  if (highest === 0) return how === "lowest" ? 100 : 0;
  const share = Math.floor((score * 100) / highest);
  return how === "lowest" ? 100 - share : share;
}
