import type { Strategy } from "../strategy.ts";
import { roundRobin } from "./round-robin.ts";

export interface ZoneFirstOptions {
  /** Where the caller stands. */
  readonly zone: string;
  /** Who is chosen within the zone, or within all. Absent: in turn. */
  readonly within?: Strategy;
  /** With so many requests in flight, for weight 1, an instance here is full, and others are asked as well. Absent: never. */
  readonly fullAt?: number;
}

/** Instances of the caller's zone while there are any that are not full, else all. */
export function zoneFirst({ zone, within = roundRobin(), fullAt = Infinity }: ZoneFirstOptions): Strategy {
  return {
    choose(candidates, asked) {
      const near = candidates.filter(
        ({ instance, inFlight, weight }) => instance.zone === zone && inFlight < fullAt * weight,
      );
      return within.choose(near.length > 0 ? near : candidates, asked);
    },
  };
}
