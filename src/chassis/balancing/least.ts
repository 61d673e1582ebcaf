import type { Random } from "#base";
import type { Candidate } from "./strategy.ts";

/** The candidate with the least cost; chance decides between equals, so that idle ones share. */
export function least(
  candidates: readonly Candidate[],
  costOf: (candidate: Candidate) => number,
  random: Random,
): Candidate {
  let best = candidates[0] as Candidate;
  let bestCost = costOf(best);
  let equals = 1;
  for (const each of candidates.slice(1)) {
    const cost = costOf(each);
    if (cost < bestCost) {
      best = each;
      bestCost = cost;
      equals = 1;
    } else if (cost === bestCost) {
      equals += 1;
      if (random.float() * equals < 1) best = each;
    }
  }
  return best;
}
