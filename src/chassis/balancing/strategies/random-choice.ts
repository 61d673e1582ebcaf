import { type Random, systemRandom } from "#base";
import type { Candidate, Strategy } from "../strategy.ts";

/** Any, by weight. Needs to remember nothing, and many callers never fall into step. */
export function randomChoice({ random = systemRandom }: { readonly random?: Random } = {}): Strategy {
  return {
    choose(candidates) {
      let left = random.float() * candidates.reduce((sum, { weight }) => sum + weight, 0);
      for (const each of candidates) {
        left -= each.weight;
        if (left < 0) return each;
      }
      return candidates.at(-1) as Candidate;
    },
  };
}
