import type { Message } from "./message.ts";

/** A message that a subscriber could not handle. */
export interface DeadLetter {
  /** Names it among those of its subscriber. A later one has a higher number. */
  readonly number: string;
  readonly message: Message;
  /** How often its handling has failed. */
  readonly attempts: number;
  /** What the last attempt failed with. */
  readonly error: string;
  readonly putAsideAt: Date;
}

/** What one subscriber of a topic has put aside: kept as safely as messages are, until somebody decides. */
export interface DeadLetters {
  /** The oldest first, so many at most. */
  list(options?: { readonly limit?: number }): Promise<readonly DeadLetter[]>;
  /**
   * Gives them back to the subscriber that put them aside, and to nobody else, in their old order: as first attempts,
   * behind what has been published since. How many. When it rejects, some may have been given back: the first ones.
   */
  redrive(which: WhichLetters): Promise<number>;
  /** Removes them for good. How many. */
  discard(which: WhichLetters): Promise<number>;
}

/** Those that are there when it is asked, or those of these numbers. */
export type WhichLetters = "all" | readonly string[];

/** What a handler rejects with when to try again would be in vain: the message is put aside at once. */
export class PutAside extends Error {
  override readonly name = "PutAside";
}

/** A reason to throw: `throw putAside("its currency is none")`. It is for whoever looks at the dead letter. */
export function putAside(reason: string, options: { readonly cause?: unknown } = {}): PutAside {
  return new PutAside(reason, options);
}
