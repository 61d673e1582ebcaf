import { isTrouble, mayRepeat, Refusal } from "../calls/failures.ts";
import { type Observe, type OutgoingCall, type Policy, unobserved } from "../calls/policy.ts";
import { Problem } from "../http/problem.ts";
import type { Balancer, Ended } from "./balancer.ts";
import { limits } from "./limits.ts";
import type { Asked } from "./strategy.ts";

export interface BalanceOptions {
  /** Others that are asked when one is in trouble, within one attempt. */
  readonly reroutes?: number;
  /** What strategies that hash choose by. Unless said otherwise the call's affinity is its destination. */
  readonly askedOf?: (call: OutgoingCall) => Asked;
  readonly observe?: Observe;
}

/**
 * Sends each attempt to an instance that a balancer picks, and to another one when that is in trouble: for `withstand({ route: balance(balancer) })`. What must
 * not be done twice goes elsewhere only when it was surely not begun.
 */
export function balance(
  balancer: Balancer,
  { reroutes = limits.reroutes, askedOf = destinationOf, observe = unobserved }: BalanceOptions = {},
): Policy {
  return async (call, next) => {
    for (let left = reroutes; ; left -= 1) {
      const picked = await balancer.pick(askedOf(call), call.asked);
      const place = picked.instance.url;
      call.asked.add(place);
      try {
        const result = await next({ ...call, place });
        picked.ended("answered");
        return result;
      } catch (error) {
        picked.ended(endOf(error, call));
        const shut = error instanceof Refusal && error.by === "breaker";
        const elsewhere = left > 0 && (shut || mayRepeat(error, call)) && balancer.hasOthers(call.asked);
        if (!elsewhere) throw error;
        observe("rerouted", call);
      }
    }
  };
}

/** What was refused here, or not waited for, says nothing about the instance. */
function endOf(error: unknown, { signal, deadlineMs }: OutgoingCall): Ended {
  if (error instanceof Problem && error.status === 504) return { deadlineMs };
  if (signal.aborted || error instanceof Refusal) return "gone";
  return isTrouble(error) ? "failed" : "answered";
}

function destinationOf({ affinity }: OutgoingCall): Asked {
  return affinity === undefined ? {} : { destination: affinity };
}
