import type { Cluster } from "../framework/cluster.ts";
import type { NodeIndex } from "../framework/plugin.ts";
import { type Candidate, compareCosts } from "./candidate.ts";

export interface PoolOptions {
  readonly cluster: Cluster;
  /** What it would take on a node; undefined when the pod cannot fit there. */
  readonly tryOut: (node: NodeIndex) => Candidate | undefined;
}

/**
 * The nodes where pods of one shape could make room. Only so many are tried out that there is a choice, and what was found is kept for the
 * next pod of the shape until the node changes: of many equal pods each costs one or two trials.
 */
export class CandidatePool {
  readonly #candidates = new Map<NodeIndex, Candidate>();
  readonly #hopeless = new Set<NodeIndex>();
  /** Changes before this position are taken in. */
  #position = 0;
  /** Trials go round all nodes, from where the last one was. */
  #next = 0;

  /** The cheapest of at least `wanted` candidates, or of all; one that violates a budget only if all nodes were tried out. */
  cheapest(wanted: number, { cluster, tryOut }: PoolOptions): Candidate | undefined {
    this.#takeIn(cluster);
    this.#fill(wanted, { cluster, tryOut });
    for (let best = this.#best(); best; best = this.#best()) {
      // Budgets may have been used up since it was tried out. That makes others no cheaper, so the best that stays as it is, is the best.
      const now = this.#try(best.node, tryOut);
      if (now && compareCosts(now.cost, best.cost) <= 0) return now;
      if (!this.#best() || this.#best()?.cost.violations) this.#fill(wanted, { cluster, tryOut });
    }
    return undefined;
  }

  forget(): void {
    this.#candidates.clear();
    this.#hopeless.clear();
  }

  #takeIn({ changes }: Cluster): void {
    if (!changes.reaches(this.#position)) this.forget();
    else {
      for (let at = this.#position; at < changes.position; at += 1) {
        this.#candidates.delete(changes.at(at));
        this.#hopeless.delete(changes.at(at));
      }
    }
    this.#position = changes.position;
  }

  #fill(wanted: number, { cluster: { nodes }, tryOut }: PoolOptions): void {
    let harmless = 0;
    for (const { cost } of this.#candidates.values()) if (cost.violations === 0) harmless += 1;
    for (let looked = 0; looked < nodes.limit; looked += 1) {
      if (this.#candidates.size >= wanted && harmless > 0) return;
      const node = this.#next % nodes.limit;
      this.#next = node + 1;
      if (!nodes.exists(node) || this.#candidates.has(node) || this.#hopeless.has(node)) continue;
      if (this.#try(node, tryOut)?.cost.violations === 0) harmless += 1;
    }
  }

  #try(node: NodeIndex, tryOut: PoolOptions["tryOut"]): Candidate | undefined {
    const candidate = tryOut(node);
    if (candidate) this.#candidates.set(node, candidate);
    else {
      this.#candidates.delete(node);
      this.#hopeless.add(node);
    }
    return candidate;
  }

  #best(): Candidate | undefined {
    let best: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (!best || compareCosts(candidate.cost, best.cost) < 0) best = candidate;
    }
    return best;
  }
}
