import { type Clock, systemClock } from "#base";
import { current, type Priority } from "../telemetry/mod.ts";
import { type Next, type OutgoingCall, type Policy, unobserved } from "./policy.ts";
import { within } from "./timeout.ts";

/** What is to be done, and under what. */
export interface Performance {
  /** For messages: `read the price list`. */
  readonly target: string;
  readonly policy?: Policy;
  /** Whether to do it twice does what to do it once does. */
  readonly idempotent?: boolean;
  /** All attempts and waits together. What is left of the request that is being handled, if less. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Absent: that of the request that is being handled. */
  readonly priority?: Priority;
  /** Calls about the same thing share it: who balances by hashing sends them to the same instance. */
  readonly affinity?: string;
  /** The same for those that may share an answer. */
  readonly key?: () => string;
  readonly clock?: Clock;
}

/**
 * Does something that may fail, under a policy: what a client made from routes does with each call, for whatever is asked otherwise. Deadline and
 * cancellation of the request that is being handled hold.
 */
export async function perform<T>(
  {
    target,
    policy,
    idempotent = false,
    timeoutMs,
    signal,
    priority,
    affinity,
    key,
    clock = systemClock,
  }: Performance,
  action: Next<T>,
): Promise<T> {
  const around = current();
  const call: OutgoingCall = {
    target,
    idempotent,
    asked: new Set(),
    attempt: 1,
    deadlineMs: around?.deadlineMs ?? Number.POSITIVE_INFINITY,
    signal:
      signal && around?.signal
        ? AbortSignal.any([signal, around.signal])
        : (signal ?? around?.signal ?? patient),
    priority: priority ?? around?.priority ?? "normal",
    ...(affinity === undefined ? {} : { affinity }),
    ...(key ? { key } : {}),
  };
  return within(call, { timeoutMs, clock, observe: unobserved }, (each) =>
    policy ? policy(each, action) : action(each),
  );
}

/** Of callers who never go. */
const patient = new AbortController().signal;
