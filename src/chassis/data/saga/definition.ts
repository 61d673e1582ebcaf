import type { Draft } from "../../messages/message.ts";

/**
 * A saga: one undertaking of several services, none of which can be rolled back by another. It is a state machine that
 * is data: what it has asked for last is its state, what it hears decides where it goes, and in every state every event
 * has its cell. One that is missing does not compile.
 *
 * `Events` maps the types of the events it hears to what is in them.
 */
export interface SagaDefinition<State extends string, Events extends object, Content> {
  readonly name: string;
  readonly initial: State;
  readonly states: { readonly [S in State]: Waiting<State, Events, Content> | Final<Content> };
}

/** A state in which something was asked for, and answers are awaited. */
export interface Waiting<State extends string, Events extends object, Content> {
  /** What is asked on the way in, through the outbox. Answers carry the saga's id as their `subject`. */
  readonly send?: (content: Content, id: string) => readonly Draft[];
  readonly on: { readonly [E in keyof Events]: Cell<State, Events[E], Content> };
  /** What happens when no answer comes. `"never"` is said, not forgotten: somebody else watches over it. */
  readonly timeout: Timeout<State, Content> | "never";
}

export interface Final<Content> {
  /** `undone`: nothing is left of what was done on the way. */
  readonly final: "completed" | "undone";
  /** Its last word, through the outbox. Nobody is listened to any more. */
  readonly send?: (content: Content, id: string) => readonly Draft[];
}

/**
 * `ignored`: it may come here and means nothing, as an answer that comes after its timeout. `refused`: it cannot come
 * here unless somebody has made a mistake; the message becomes a dead letter, for people to look at.
 */
export type Cell<State extends string, Heard, Content> = Move<State, Heard, Content> | "ignored" | "refused";

export interface Move<State extends string, Heard, Content> {
  readonly to: State;
  /** What to remember of the event. */
  readonly keep?: (content: Content, heard: Heard) => Content;
  /**
   * The event says that something was done. A saga that ends `undone` must have passed through this state on the way,
   * in which its undoing is asked for: a definition that can do without is refused.
   */
  readonly undoneBy?: State;
}

export interface Timeout<State extends string, Content> extends Move<State, undefined, Content> {
  readonly afterMs: number;
}
