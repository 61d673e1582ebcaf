import { type Random, systemRandom } from "#base";
import { type Candidate, least, type Strategy } from "../strategy.ts";

/**
 * In turn, each as often as its weight says and spread evenly: nginx's smooth weighted round-robin. Everybody gets credit by weight, the richest is
 * chosen and pays for all. Begins anywhere, so that a hundred callers that start together do not all ask the same one first.
 */
export function roundRobin({ random = systemRandom }: { readonly random?: Random } = {}): Strategy {
  const credits = new WeakMap<Candidate, number>();
  return {
    choose(candidates) {
      let total = 0;
      for (const each of candidates) {
        total += each.weight;
        credits.set(each, (credits.get(each) ?? random.float() * each.weight) + each.weight);
      }
      const chosen = least(candidates, (each) => -(credits.get(each) ?? 0));
      credits.set(chosen, (credits.get(chosen) ?? 0) - total);
      return chosen;
    },
  };
}
