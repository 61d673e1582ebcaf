import type { Random } from "#base";
import { least } from "./least.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/** By chance, in proportion to weight. */
export const randomly: Strategy =
  ({ random }) =>
  (candidates) =>
    draw(candidates, random);

/** Two by chance, and of these the less loaded: nearly as even as the least of all, and clients that know the same do not all run to one. */
export const powerOfTwo: Strategy =
  ({ random }) =>
  (candidates) => {
    const one = draw(candidates, random);
    if (candidates.length === 1) return one;
    const other = draw(
      candidates.filter((each) => each !== one),
      random,
    );
    return least([one, other], (each) => each.inFlight / each.weight, random);
  };

function draw(candidates: readonly Candidate[], random: Random): Candidate {
  const total = candidates.reduce((sum, each) => sum + each.weight, 0);
  let left = random.float() * total;
  for (const each of candidates) {
    left -= each.weight;
    if (left < 0) return each;
  }
  return candidates.at(-1) as Candidate;
}
