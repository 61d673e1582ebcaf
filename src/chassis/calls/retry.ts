import { type Clock, type Random, systemClock, systemRandom } from "#base";
import { Budget, type BudgetOptions } from "./budget.ts";
import { mayRepeat, Refusal, retryAfterMs } from "./failures.ts";
import { limits } from "./limits.ts";
import { type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";

export interface RetryOptions {
  /** In all, the first one counted. */
  readonly attempts?: number;
  /** The longest wait before the second attempt; it doubles with each further one. */
  readonly delayMs?: number;
  readonly longestDelayMs?: number;
  /** What all calls together may be tried again. */
  readonly budget?: BudgetOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly observe?: Observe;
}

/**
 * Asks again when that may help, and cannot harm: what is idempotent after any trouble, what is not only when it was surely not begun. It waits
 * a random time up to a bound that doubles, so that those who failed together do not come back together, and as long as the other side asks for
 * (`Retry-After`); but never past the deadline: then the failure is told at once.
 */
export function retry({
  attempts = limits.attempts,
  delayMs = limits.retryDelayMs,
  longestDelayMs = limits.longestRetryDelayMs,
  budget: budgetOptions,
  clock = systemClock,
  random = systemRandom,
  observe = unobserved,
}: RetryOptions = {}): Policy {
  const budget = new Budget(budgetOptions);
  return async (call, next) => {
    budget.earn();
    for (let tried = 1; ; tried += 1) {
      try {
        return await next({ ...call, attempt: call.attempt + tried - 1 });
      } catch (error) {
        if (tried >= attempts || !maybeBetter(error, call)) throw error;
        const bound = Math.min(longestDelayMs, delayMs * 2 ** (tried - 1));
        const waitMs = (retryAfterMs(error, clock) ?? 0) + random.float() * bound;
        if (clock.monotonicMs() + waitMs >= call.deadlineMs) throw error;
        if (!budget.spend()) {
          observe("retry budget spent", call);
          throw error;
        }
        observe("retried", call);
        await clock.sleep(waitMs, call.signal);
      }
    }
  };
}

function maybeBetter(error: unknown, call: OutgoingCall): boolean {
  // What we are too busy for ourselves, or keep from somebody who is down, is helped by asking another at the most.
  if (error instanceof Refusal) return error.by === "breaker" && call.asked.size > 0 && !call.signal.aborted;
  return mayRepeat(error, call);
}
