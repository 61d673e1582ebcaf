import { Flights } from "./flights.ts";
import { type Observe, type Policy, unobserved } from "./policy.ts";

export interface CoalesceOptions {
  readonly observe?: Observe;
}

/**
 * Makes one call of equal ones at the same time: of a GET of the same path, query and headers, in the name of the same token. It belongs to nobody, so
 * nobody's deadline ends it; each waits until their own.
 */
export function coalesce({ observe = unobserved }: CoalesceOptions = {}): Policy {
  const flights = new Flights<unknown>();
  return (call, next) => {
    if (!call.key) return next(call);
    const key = call.key();
    if (flights.has(key)) observe("shared", call);
    // Calls with one key are answered alike, types included.
    return flights.join(key, call.signal, (signal) =>
      next({ ...call, signal, deadlineMs: Number.POSITIVE_INFINITY }),
    ) as ReturnType<typeof next>;
  };
}
