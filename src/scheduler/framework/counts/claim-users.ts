import type { PodObserver } from "../cluster.ts";
import type { NodeIndex } from "../plugin.ts";
import type { PodFacts } from "../pod-facts.ts";

/** How many pods on nodes name a claim, by `namespace/name`, and how many claims the pods of a node name. */
export class ClaimUsers implements PodObserver {
  readonly #counts = new Map<string, number>();
  readonly #onNode: number[] = [];

  count(claim: string): number {
    return this.#counts.get(claim) ?? 0;
  }

  /** One that two pods name counts twice. */
  on(node: NodeIndex): number {
    return this.#onNode[node] ?? 0;
  }

  onPod({ shape }: PodFacts, node: NodeIndex, sign: 1 | -1): void {
    if (shape.claims.length === 0) return;
    this.#onNode[node] = this.on(node) + sign * shape.claims.length;
    for (const { claim } of shape.claims) {
      const key = `${shape.namespace}/${claim}`;
      const count = this.count(key) + sign;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }
}
