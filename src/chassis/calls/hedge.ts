import { type Clock, systemClock } from "#base";
import { Budget, type BudgetOptions } from "./budget.ts";
import { derivedSignal } from "./derived-signal.ts";
import { type Next, type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";
import { RecentDurations } from "./recent-durations.ts";

export interface HedgeOptions {
  /** How long the first is waited for alone. Absent: as long as 95 of 100 calls took of late. */
  readonly afterMs?: number;
  /** What all calls together may be asked a second time. */
  readonly budget?: BudgetOptions;
  readonly clock?: Clock;
  readonly observe?: Observe;
}

/**
 * When an answer takes unusually long a second one is asked for, of somebody else where there is a choice; the first to come is taken, and the other
 * is told to stop. For what is idempotent alone. Against the odd slow instance, not against a slow service: its budget is small.
 */
export function hedge({
  afterMs,
  budget: budgetOptions,
  clock = systemClock,
  observe = unobserved,
}: HedgeOptions = {}): Policy {
  const budget = new Budget(budgetOptions);
  const recent = new RecentDurations();
  return async (call, next) => {
    budget.earn();
    const startedMs = clock.monotonicMs();
    const waitMs = afterMs ?? recent.quantile(0.95);
    const mayAskTwice = call.idempotent && waitMs !== undefined;
    const result = await (mayAskTwice ? firstOfTwo(call, next, waitMs, mayHedge) : next(call));
    recent.add(clock.monotonicMs() - startedMs);
    return result;
  };

  function mayHedge(call: OutgoingCall): boolean {
    if (!budget.spend()) return false;
    observe("hedged", call);
    return true;
  }

  async function firstOfTwo<T>(
    call: OutgoingCall,
    next: Next<T>,
    waitMs: number,
    may: (call: OutgoingCall) => boolean,
  ): Promise<T> {
    const { signal, abort, release } = derivedSignal(call.signal);
    const first = next({ ...call, signal });
    const second = Promise.withResolvers<T>();
    let asked = false;
    const timer = clock.setTimer(waitMs, () => {
      if (!may(call)) return;
      asked = true;
      // A policy of a user's may throw at once, and nobody is above a timer.
      Promise.try(() => next({ ...call, signal })).then(second.resolve, second.reject);
    });
    second.promise.catch(() => {});
    try {
      // A failure counts only when nobody else can still answer.
      return await Promise.race([
        first.catch((error) =>
          asked ? second.promise.catch(() => Promise.reject(error)) : Promise.reject(error),
        ),
        second.promise.catch(() => first),
      ]);
    } finally {
      timer.cancel();
      release();
      if (asked) abort(new DOMException("another attempt was answered first", "AbortError"));
    }
  }
}
