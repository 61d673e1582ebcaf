import { assert } from "#base";
import { mayRepeat, Refusal } from "./failures.ts";
import { type Observe, type Policy, unobserved } from "./policy.ts";

export interface RerouteOptions {
  /** Base URLs, the one to be preferred first. */
  readonly places: readonly string[];
  readonly observe?: Observe;
}

/**
 * Asks the next place when one is in trouble: another zone, a replica that answers a little late. What must not be done twice goes elsewhere only when
 * it was surely not begun. With a breaker within, a place that is down costs nothing until it is back.
 */
export function reroute({ places, observe = unobserved }: RerouteOptions): Policy {
  assert(places.length > 0, "there is at least one place to ask");
  return (call, next) => {
    const ask = async (at: number): ReturnType<typeof next> => {
      const place = places[at] as string;
      call.asked.add(place);
      try {
        return await next({ ...call, place });
      } catch (error) {
        const shut = error instanceof Refusal && error.by === "breaker";
        if (at === places.length - 1 || !(shut || mayRepeat(error, call))) throw error;
        observe("rerouted", call);
        return ask(at + 1);
      }
    };
    return ask(0);
  };
}
