import type { DeadLetters } from "./dead-letters.ts";
import type { Marks } from "./marks.ts";
import type { Message } from "./message.ts";
import type { Requests } from "./requests/requests.ts";

/**
 * The port to whatever carries messages. What every implementation promises (`testing/broker-contract.ts`):
 *
 * - What `publish` has resolved for is kept until every subscriber of its topic has handled it: *at least* once.
 * - Messages of one topic and key are handled by a subscriber one after the other, in the order of their publishing.
 *   One that fails is tried again before any later one of its key; other keys are not held up.
 * - A message that says `notBefore` is kept, too, and joins the others of its key when that moment has come by the
 *   broker's clock: not before, and as soon after as a copy of any subscriber of the topic runs.
 * - Copies that subscribe under one name share the messages between them.
 * - A message that has failed as often as its subscriber allows is put aside, and the next of its key has its turn. It is
 *   kept until it is redriven or discarded, and concerns no other subscriber.
 */
export interface Broker extends Requests {
  /**
   * Resolves when every message is kept. When it rejects, some may have been kept: of each key a first part. To publish
   * all of them again is right. It does either within a time that its implementation bounds.
   */
  publish(messages: readonly Message[]): Promise<void>;
  /** Resolves when the subscription stands: from then on nothing of the topic is missed, also while no copy runs. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** What a subscriber has put aside. Whoever asks need not subscribe. */
  deadLetters(of: Reader): DeadLetters;
  /** What copies do together, such as a schedule, they find here. */
  readonly marks: Marks;
}

/** Who reads what. */
export interface Reader {
  readonly topic: string;
  /** `shipping`. Copies of a service have it in common. */
  readonly subscriber: string;
}

export interface SubscribeOptions extends Reader {
  /**
   * Resolves: handled, never to be seen again. Rejects: to be handled again, after `retryDelayMs`; with `PutAside`: not to
   * be tried again, but put aside.
   */
  readonly handle: (delivery: Delivery) => Promise<void>;
  /** After so many failed attempts a message is put aside. Not said: it is tried for as long as it fails. */
  readonly attempts?: number;
  /** How long to wait after the given failed attempt, the first being 1. */
  readonly retryDelayMs?: (attempt: number) => number;
}

export interface Delivery {
  readonly message: Message;
  /** 1 for the first. An attempt that ended with the process, or broke off because of `signal`, is not counted. */
  readonly attempt: number;
  /** Aborted when the subscription closes or its connection is lost: what the handler does may be done elsewhere, too. */
  readonly signal: AbortSignal;
}

export interface Subscription {
  /** Takes no more messages, and resolves when those in hand are handled. */
  close(): Promise<void>;
}
