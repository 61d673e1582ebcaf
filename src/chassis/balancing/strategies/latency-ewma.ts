import { type Random, systemRandom } from "#base";
import { least, type Strategy, two } from "../strategy.ts";

/**
 * The better of two that chance names, by how long it takes of late times how many wait for it (Finagle's peak EWMA). Knows slow instances without
 * being told weights. Who is not known yet is tried.
 */
export function latencyEwma({ random = systemRandom }: { readonly random?: Random } = {}): Strategy {
  return {
    choose: (candidates) =>
      least(
        two(candidates, random.float),
        ({ latencyMs, inFlight, weight }) => ((latencyMs ?? 0) * (inFlight + 1)) / weight,
      ),
  };
}
