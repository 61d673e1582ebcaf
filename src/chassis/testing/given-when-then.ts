import { deepStrictEqual, throws } from "node:assert";
import type { Decide } from "../data/events/aggregates.ts";
import type { AggregateDefinition, EventOf } from "../data/events/definition.ts";
import { evolve } from "../data/events/evolve.ts";

export interface Given<State, Events extends object> {
  when(decide: Decide<State, Events>): When<Events>;
}

export interface When<Events extends object> {
  /** Exactly these events happen; without any: nothing does. */
  thenHappens(...events: readonly EventOf<Events>[]): void;
  /** It is refused with such a message. */
  thenRefuses(message: RegExp): void;
}

/** A test of what an aggregate decides, without a database: given what has happened, when this is asked, then that happens. */
export function given<State, Events extends object>(
  definition: AggregateDefinition<State, Events>,
  ...events: readonly EventOf<Events>[]
): Given<State, Events> {
  const { state, version } = evolve(definition, { state: definition.initial, version: 0 }, events);
  return {
    when: (decide) => ({
      thenHappens: (...expected) => deepStrictEqual(decide(state, version), expected),
      thenRefuses: (message) => throws(() => decide(state, version), message),
    }),
  };
}
