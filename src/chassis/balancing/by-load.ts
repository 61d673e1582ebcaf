import { least } from "./least.ts";
import { limits } from "./limits.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/** Whoever has the fewest requests of ours to answer, for its weight. */
export const leastConnection: Strategy =
  ({ random }) =>
  (candidates) =>
    least(candidates, (each) => each.inFlight / each.weight, random);

/** Whoever would be done first if weight were speed: the request itself is counted, so that among idle ones the strongest comes first. */
export const shortestExpectedDelay: Strategy =
  ({ random }) =>
  (candidates) =>
    least(candidates, (each) => (each.inFlight + 1) / each.weight, random);

/** Whoever would be done first by what its answers took of late. One that was never asked is asked. */
export const latencyEwma: Strategy =
  ({ random }) =>
  (candidates) =>
    least(candidates, expectedMs, random);

/** A busy newcomer is not given everything before its first answer shows what it can do. */
function expectedMs({ inFlight, latencyMs, weight }: Candidate): number {
  if (latencyMs === undefined) return inFlight * limits.unknownLatencyMs;
  return ((inFlight + 1) * latencyMs) / weight;
}
