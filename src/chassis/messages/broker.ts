import type { Message } from "./message.ts";

/**
 * The port to whatever carries messages. What every implementation promises (`testing/broker-contract.ts`):
 *
 * - What `publish` has resolved for is kept until every subscriber of its topic has handled it: *at least* once.
 * - Messages of one topic and key are handled by a subscriber one after the other, in the order of their publishing.
 *   One that fails is tried again before any later one of its key; other keys are not held up.
 * - A message that says `notBefore` is kept, too, and joins the others of its key when that moment has come by the
 *   broker's clock: not before, and as soon after as a copy of any subscriber of the topic runs.
 * - Copies that subscribe under one name share the messages between them.
 */
export interface Broker {
  /**
   * Resolves when every message is kept. When it rejects, some may have been kept: of each key a first part. To publish
   * all of them again is right. It does either within a time that its implementation bounds.
   */
  publish(messages: readonly Message[]): Promise<void>;
  /** Resolves when the subscription stands: from then on nothing of the topic is missed, also while no copy runs. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
}

export interface SubscribeOptions {
  readonly topic: string;
  /** Who reads: `shipping`. Copies of a service have it in common. */
  readonly subscriber: string;
  /** Resolves: handled, never to be seen again. Rejects: to be handled again, after `retryDelayMs`. */
  readonly handle: (delivery: Delivery) => Promise<void>;
  /** How long to wait after the given failed attempt, the first being 1. */
  readonly retryDelayMs?: (attempt: number) => number;
}

export interface Delivery {
  readonly message: Message;
  /** 1 for the first. An attempt that ended with the process is not counted. */
  readonly attempt: number;
  /** Aborted when the subscription closes or its connection is lost: what the handler does may be done elsewhere, too. */
  readonly signal: AbortSignal;
}

export interface Subscription {
  /** Takes no more messages, and resolves when those in hand are handled. */
  close(): Promise<void>;
}
