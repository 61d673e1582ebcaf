import type { PodObserver } from "../cluster.ts";
import type { PodFacts } from "../pod-facts.ts";

/** How many pods on nodes name a claim, by `namespace/name`. */
export class ClaimUsers implements PodObserver {
  readonly #counts = new Map<string, number>();

  count(claim: string): number {
    return this.#counts.get(claim) ?? 0;
  }

  onPod({ shape }: PodFacts, _node: number, sign: 1 | -1): void {
    for (const { claim } of shape.claims) {
      const key = `${shape.namespace}/${claim}`;
      const count = this.count(key) + sign;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
    }
  }
}
