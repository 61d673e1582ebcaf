import { roundRobin } from "./round-robin.ts";
import type { Strategy } from "./strategy.ts";

/** Those in the client's own zone, if there are any, and among them by another strategy. */
export function zoneFirst(within: Strategy = roundRobin): Strategy {
  return (surroundings) => {
    const choose = within(surroundings);
    return (candidates, asked) => {
      const near = candidates.filter(({ instance }) => instance.zone === surroundings.zone);
      return choose(near.length > 0 ? near : candidates, asked);
    };
  };
}
