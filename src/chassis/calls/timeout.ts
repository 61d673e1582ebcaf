import { type Clock, systemClock } from "#base";
import { problem } from "../http/problem.ts";
import { derivedSignal } from "./derived-signal.ts";
import { type Next, type Observe, type OutgoingCall, type Policy, unobserved } from "./policy.ts";

export interface TimeoutOptions {
  /** How long one attempt may take. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
  readonly observe?: Observe;
}

/** An attempt ends by its time, or by the call's deadline, with a problem 504: what is asked is told to stop, and not waited for. */
export function timeout({ timeoutMs, clock = systemClock, observe = unobserved }: TimeoutOptions): Policy {
  return (call, next) => within(call, { timeoutMs, clock, observe }, next);
}

export async function within<T>(
  call: OutgoingCall,
  { timeoutMs, clock, observe }: Required<TimeoutOptions>,
  next: Next<T>,
): Promise<T> {
  const nowMs = clock.monotonicMs();
  const leftMs = Math.min(timeoutMs, call.deadlineMs - nowMs);
  const late = () => {
    observe("timed out", call);
    return problem(504, `${call.target} was not answered within ${Math.max(0, Math.ceil(leftMs))} ms`);
  };
  call.signal.throwIfAborted();
  if (leftMs <= 0) throw late();
  const { signal, abort, release } = derivedSignal(call.signal);
  const timer = clock.setTimer(leftMs, () => abort(late()));
  try {
    return await orAborted(next({ ...call, deadlineMs: nowMs + leftMs, signal }), signal);
  } finally {
    timer.cancel();
    release();
  }
}

/** What `promise` comes to, or the signal's reason as soon as it is aborted: not everybody who is given a signal listens. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(
      (result) => {
        settled();
        resolve(result);
      },
      (error) => {
        settled();
        reject(error);
      },
    );
  });
}
