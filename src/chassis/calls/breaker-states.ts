import { assert } from "#base";

/**
 *      ┌────────── proved ───────────┐
 *      ▼                             │
 *   closed ──tripped──► open ──waited──► trying
 *                        ▲               │
 *                        └── disproved ──┘
 *
 * _closed_: calls pass, and are counted. _open_: they are refused. _trying_: one at a time passes, to see.
 */
export type BreakerState = "closed" | "open" | "trying";

export type BreakerEvent = "tripped" | "waited" | "proved" | "disproved";

/** Where each event leads; `undefined`: it cannot happen there. */
const transitions: Readonly<Record<BreakerState, Readonly<Record<BreakerEvent, BreakerState | undefined>>>> =
  {
    closed: { tripped: "open", waited: undefined, proved: undefined, disproved: undefined },
    open: { tripped: undefined, waited: "trying", proved: undefined, disproved: undefined },
    trying: { tripped: undefined, waited: undefined, proved: "closed", disproved: "open" },
  };

export function nextBreakerState(state: BreakerState, event: BreakerEvent): BreakerState {
  const following = transitions[state][event];
  assert(following !== undefined, `a breaker that is ${state} cannot be ${event}`);
  return following;
}
