import { assert } from "#base";

/**
 *     idle ──start──► starting ──opened──► ready ──stop──► draining ──drained──► ended
 *      │                  │                                   ▲                    ▲
 *      │                  └─────────stop, failed──────────────┘                    │
 *      └───────────────────────────────stop────────────────────────────────────────┘
 *
 * _starting_: listens and answers for its health, but not yet for its routes. _draining_: answers still, but asks its callers to go elsewhere.
 */
export type State = "idle" | "starting" | "ready" | "draining" | "ended";

export type Event = "start" | "opened" | "failed" | "stop" | "drained";

/** Where each event leads; `undefined`: it cannot happen there. */
const transitions: Readonly<Record<State, Readonly<Record<Event, State | undefined>>>> = {
  idle: { start: "starting", opened: undefined, failed: undefined, stop: "ended", drained: undefined },
  starting: { start: undefined, opened: "ready", failed: "draining", stop: "draining", drained: undefined },
  ready: { start: undefined, opened: undefined, failed: undefined, stop: "draining", drained: undefined },
  // What was being opened when it was asked to stop may still come, or fail, then or later; to be asked twice is no more than once.
  draining: { start: undefined, opened: "draining", failed: "draining", stop: "draining", drained: "ended" },
  ended: { start: undefined, opened: "ended", failed: "ended", stop: "ended", drained: undefined },
};

/** The state that follows. An event that cannot happen is a mistake in the program. */
export function next(state: State, event: Event): State {
  const following = transitions[state][event];
  assert(
    following !== undefined,
    `a service that is ${state} cannot ${event === "start" ? "be started" : `see "${event}"`}`,
  );
  return following;
}
