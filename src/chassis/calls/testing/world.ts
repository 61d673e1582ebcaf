import { type Random, seededRandom } from "#base";
import { VirtualClock } from "#testing";
import { type Problem, problem } from "../../http/problem.ts";
import type { OutgoingCall, PolicyEvent } from "../policy.ts";

/** Time and chance in a test's hands, and what policies were seen to do. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly events: PolicyEvent[];
  readonly observe: (event: PolicyEvent) => void;
}

export function world(): World {
  const events: PolicyEvent[] = [];
  return {
    clock: new VirtualClock(),
    random: seededRandom(7),
    events,
    observe: (event) => events.push(event),
  };
}

export function aCall(changes: Partial<OutgoingCall> = {}): OutgoingCall {
  return {
    target: "GET http://orders/orders",
    idempotent: true,
    asked: new Set(),
    attempt: 1,
    deadlineMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    priority: "normal",
    ...changes,
  };
}

export const trouble: Problem = problem(503, "the service is in trouble");

/** Fails so often, and then answers. */
export function failing(times: number, error: unknown = trouble) {
  const asked: OutgoingCall[] = [];
  return {
    asked,
    next: async (call: OutgoingCall): Promise<string> => {
      asked.push(call);
      if (asked.length <= times) throw error;
      return "answer";
    },
  };
}

/** What a promise has come to, as far as a test has let time pass. */
export function outcomeOf<T>(promise: Promise<T>): {
  readonly now: T | { readonly failed: string } | "waiting";
} {
  const outcome: { now: T | { failed: string } | "waiting" } = { now: "waiting" };
  promise.then(
    (result) => {
      outcome.now = result;
    },
    (error) => {
      outcome.now = { failed: error instanceof Error ? error.message : String(error) };
    },
  );
  return outcome;
}
