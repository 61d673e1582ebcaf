import type { Priority } from "../telemetry/mod.ts";

/** One call to another service, as policies see it and may change it for those within them. */
export interface OutgoingCall {
  /** What is called, for messages that strangers may read: `GET /orders/{id}`. */
  readonly target: string;
  /** Whether to ask twice does what to ask once does. */
  readonly idempotent: boolean;
  /** Who is asked, as a base URL. Absent: nobody has chosen, and the client asks its own. */
  readonly place?: string;
  /** Everybody that was asked on behalf of this call, by whichever attempt. Who chooses a place adds it, and prefers others. */
  readonly asked: Set<string>;
  /** 1, and one more with each time that it is tried again. */
  readonly attempt: number;
  /** When nobody waits for the answer any more, on the monotonic clock. */
  readonly deadlineMs: number;
  /** Aborted then, or when the caller has gone. */
  readonly signal: AbortSignal;
  readonly priority: Priority;
  /** Calls about the same thing share it: who balances by hashing sends them to the same instance. */
  readonly affinity?: string;
  /** The same for calls that may share an answer; absent where none may. */
  readonly key?: () => string;
}

export type Next<T> = (call: OutgoingCall) => Promise<T>;

/**
 * What a call withstands. It asks `next` once, or again, or somebody else, or not at all. A policy that remembers (a breaker, a budget) remembers for
 * all calls that it is used for: one service, one policy.
 */
export type Policy = <T>(call: OutgoingCall, next: Next<T>) => Promise<T>;

/** Several policies as one. The first is the outermost. */
export function policies(...all: readonly Policy[]): Policy {
  return (call, next) =>
    all.reduceRight<typeof next>((within, policy) => (each) => policy(each, within), next)(call);
}

/** What policies do that somebody may want to count. */
export type PolicyEvent =
  | "timed out"
  | "retried"
  | "retry budget spent"
  | "breaker opened"
  | "breaker closed"
  | "refused by breaker"
  | "refused by bulkhead"
  | "refused by rate"
  | "hedged"
  | "rerouted"
  | "shared";

export type Observe = (event: PolicyEvent, call: OutgoingCall) => void;

export const unobserved: Observe = () => {};
