import { type Clock, systemClock } from "#base";
import { Refusal } from "./failures.ts";
import { limits } from "./limits.ts";
import { type Observe, type Policy, unobserved } from "./policy.ts";
import { Rate, type RateOptions } from "./rate.ts";

export interface RateLimitOptions extends RateOptions {
  /** How long a call may wait for its turn. */
  readonly longestWaitMs?: number;
  readonly clock?: Clock;
  readonly observe?: Observe;
}

/** Keeps to a rate that the other side has set: calls wait for their turn, and are refused at once, with a problem 429, when it comes too late. */
export function rateLimit({
  longestWaitMs = limits.longestRateWaitMs,
  clock = systemClock,
  observe = unobserved,
  ...options
}: RateLimitOptions): Policy {
  const rate = new Rate(options);
  return async (call, next) => {
    const nowMs = clock.monotonicMs();
    const { taken, waitMs } = rate.take(nowMs, Math.min(longestWaitMs, call.deadlineMs - nowMs));
    if (!taken) {
      observe("refused by rate", call);
      throw new Refusal("rate", 429, `${call.target} is not asked now: it was asked too often`, waitMs);
    }
    if (waitMs > 0) await clock.sleep(waitMs, call.signal);
    return next(call);
  };
}
