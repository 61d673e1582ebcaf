import type { Sayable } from "../../messages/topics/declared.ts";

/**
 * A choreography: services that react to one another's events, with nobody in the middle. The flow that otherwise
 * stands in no place at all is declared in one, so that it can be drawn and what is missing in it be found.
 */
export interface Choreography {
  readonly name: string;
  /** Where its events are said; when it is declared, what is in them is checked. */
  readonly topic: string | Sayable;
  /** The events with which it begins. */
  readonly begins: readonly string[];
  /** For each participant: which events it reacts to, and what it then says: one of these, or nothing where there are none. */
  readonly participants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** The events after which nothing is owed any more. `undone`: nothing is left of what was done on the way. */
  readonly ends: Readonly<Record<string, "completed" | "undone">>;
  /** Events that say something was done, each with the one that says it was undone: no flow may end `undone` without. */
  readonly undoneBy?: Readonly<Record<string, string>>;
}
