import { type Random, systemRandom } from "#base";
import { type Candidate, least, type Strategy, two } from "../strategy.ts";

interface ByLoadOptions {
  readonly random?: Random;
}

/** Whoever has the fewest requests in flight for its weight; of equals, any. */
export function leastConnection({ random = systemRandom }: ByLoadOptions = {}): Strategy {
  return leastOf(({ inFlight, weight }) => inFlight / weight, random);
}

/**
 * Whoever would have the fewest for its weight with this one: an idle slow instance does not come before a quick one that has a request or two, as it
 * does with `leastConnection`. For weights that say how quick an instance is. Linux Virtual Server's SED.
 */
export function shortestExpectedDelay({ random = systemRandom }: ByLoadOptions = {}): Strategy {
  return leastOf(({ inFlight, weight }) => (inFlight + 1) / weight, random);
}

/** The better of two that chance names: nearly as good as looking at all, and many callers do not all run to the same one. */
export function powerOfTwo({ random = systemRandom }: ByLoadOptions = {}): Strategy {
  return {
    choose: (candidates) => least(two(candidates, random.float), ({ inFlight, weight }) => inFlight / weight),
  };
}

/** Begins to look anywhere, so that equals share. */
function leastOf(cost: (candidate: Candidate) => number, random: Random): Strategy {
  return {
    choose: (candidates) => least(candidates, cost, Math.floor(random.float() * candidates.length)),
  };
}
