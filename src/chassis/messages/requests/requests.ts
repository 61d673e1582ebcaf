import type { ProblemDocument } from "../../http/problem.ts";
import type { Subscription } from "../broker.ts";
import type { Message } from "../message.ts";

/**
 * Requests over a broker: a message that one of those who answer its type takes, and what it answers. Nothing is kept for
 * longer than somebody waits for it.
 */
export interface Requests {
  /**
   * Resolves to what was answered. An answerer that dies, or loses its connection, is replaced by another one, so a request
   * may be handled more than once. Rejects with the signal's reason when it is aborted first, and with a `Problem` 504 when
   * there is no answer in time.
   */
  request(request: Request): Promise<Reply>;
  /**
   * Answers requests of one type, sharing them with all who do so. Resolves when it does. Closed, it answers what is in
   * hand, for as long as that is waited for.
   */
  answer(options: AnswerOptions): Promise<Subscription>;
}

export interface Request {
  readonly message: Message;
  /** How long it is waited for, as whoever answers knows, too: all attempts together. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits any more for another reason. */
  readonly signal: AbortSignal;
}

export interface AnswerOptions {
  readonly topic: string;
  readonly type: string;
  /** What it rejects with is nobody's business: whoever asked has a `Problem` 500. */
  readonly answer: (asked: Asked) => Promise<Reply>;
}

/** A request in the hand of whoever answers it. */
export interface Asked {
  readonly message: Message;
  /** Aborted when nobody waits for the answer any more, or it could not be delivered. */
  readonly signal: AbortSignal;
  /** How long the answer is waited for. */
  readonly remainingMs: () => number;
}

export type Reply = { readonly data: unknown } | { readonly problem: ProblemDocument };
