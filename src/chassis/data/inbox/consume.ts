import {
  type Clock,
  type Logger,
  type Metrics,
  messageOf,
  silentLogger,
  silentMetrics,
  systemClock,
} from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import type { Broker, Delivery, Subscription } from "../../messages/broker.ts";
import { PutAside, putAside } from "../../messages/dead-letters.ts";
import type { Message } from "../../messages/message.ts";
import { limits } from "../limits.ts";
import { inbox } from "./inbox.ts";

export interface ConsumeOptions {
  readonly database: Database;
  readonly broker: Broker;
  readonly topic: string;
  /** Who consumes: the name of the subscription, and of its inbox. */
  readonly consumer: string;
  /** What a message causes, all of it through the transaction. */
  readonly effect: (transaction: Transaction, message: Message) => Promise<unknown>;
  /**
   * After so many failures a message is put aside among the broker's dead letters, and the next of its key has its turn:
   * unless it is the database that is away.
   */
  readonly attempts?: number;
  readonly retryDelayMs?: (attempt: number) => number;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Told of what fails: `messages_failed_total`, `messages_put_aside_total`. */
  readonly metrics?: Metrics;
}

/** How long a consumer has patience with a message. */
export type Patience = Pick<ConsumeOptions, "attempts" | "retryDelayMs">;

/** Has every message of a topic take effect exactly once, whatever is delivered how often. */
export function consume(options: ConsumeOptions): Promise<Subscription> {
  const { broker, topic, consumer, retryDelayMs } = options;
  return broker.subscribe({
    topic,
    subscriber: consumer,
    handle: handler(options),
    ...(retryDelayMs ? { retryDelayMs } : {}),
  });
}

function handler({
  database,
  topic,
  consumer,
  effect,
  attempts = limits.attempts,
  clock = systemClock,
  log = silentLogger,
  metrics = silentMetrics,
}: ConsumeOptions): (delivery: Delivery) => Promise<void> {
  const memory = inbox({ consumer, clock });
  const failures = metrics.counter("messages_failed_total", "Attempts at messages that have failed.");
  const letters = metrics.counter("messages_put_aside_total", "Messages that have become dead letters.");
  const labels = { topic, consumer };
  return async ({ message, attempt }) => {
    try {
      await database.transaction((transaction) =>
        memory.once(transaction, message, () => effect(transaction, message)),
      );
    } catch (error) {
      failures.add(1, labels);
      const { type, id } = message.event;
      log.warn(`${type} could not be handled: ${messageOf(error)}`, { consumer, type, id, attempt });
      if (error instanceof PutAside) {
        letters.add(1, labels);
        throw error;
      }
      if (attempt < attempts) throw error;
      // When it does not answer, nothing is wrong with the message.
      await database.query("select 1");
      letters.add(1, labels);
      throw putAside(messageOf(error), { cause: error });
    }
  };
}
