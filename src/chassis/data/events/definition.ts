import type { Draft } from "../../messages/message.ts";

/**
 * An aggregate: what must agree with itself at every moment, kept as the events that made it. `Events` maps the types
 * of its events to what is in them; an event that does not say what it changes does not compile.
 */
export interface AggregateDefinition<State, Events extends object> {
  /** `order`. With an id it names a stream. */
  readonly name: string;
  /** What it is before anything has happened. */
  readonly initial: State;
  /** What each event makes of the state. Pure: it is played again whenever the aggregate is loaded. */
  readonly evolve: { readonly [E in keyof Events]: (state: State, event: Events[E]) => State };
  /**
   * How events of older shapes become what is now: for each type the steps from its first shape to the next, and so on.
   * What is stored is never changed. A program that meets a shape of the future refuses to guess.
   */
  readonly upcast?: { readonly [E in keyof Events]?: readonly ((older: never) => unknown)[] };
  /** Spares the playing of long streams. */
  readonly snapshot?: SnapshotPolicy;
  /** What others are told of an event, through the outbox: a domain event is inside, what leaves is a promise. */
  readonly announce?: (event: EventOf<Events>, id: string) => Draft | undefined;
}

export interface SnapshotPolicy {
  /** A state is kept after so many events. */
  readonly every: number;
  /** Of the state, counted up when `State` or `evolve` changes: snapshots of another shape are not read. */
  readonly shape: number;
}

/** Something that has happened, of any type that an aggregate has. */
export type EventOf<Events extends object> = {
  readonly [E in keyof Events & string]: { readonly type: E; readonly data: Events[E] };
}[keyof Events & string];

/** Where an aggregate stands. Version 0: nothing has happened. */
export interface Loaded<State> {
  readonly state: State;
  /** How many events it has. */
  readonly version: number;
}
