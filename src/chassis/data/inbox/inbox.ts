import { type Clock, systemClock } from "#base";
import type { Transaction } from "../../database/database.ts";
import { milliseconds, timeBy, timeOr } from "../../database/time.ts";
import type { Message } from "../../messages/message.ts";
import { limits } from "../limits.ts";

/**
 * What a consumer has handled already. Brokers deliver at least once; the mark that a message was handled and what it
 * caused stand in one transaction, so they are both there or both not: the effect happens once.
 *
 * Only what goes through the transaction is an effect in this sense. A letter that is posted by HTTP is not: leave it
 * to an outbox, or give it a key by which its receiver knows it again.
 */
export interface Inbox {
  /** Runs `effect` unless this consumer has handled the message. A copy that comes at the same time waits for the outcome. */
  once<Result>(
    transaction: Transaction,
    message: Message,
    effect: (transaction: Transaction) => Promise<Result>,
  ): Promise<Once<Result>>;
  /** Forgets marks that are older than any second delivery could be. To be called now and then. How many. */
  forget(transaction: Transaction): Promise<number>;
}

export type Once<Result> = { readonly applied: true; readonly result: Result } | { readonly applied: false };

export interface InboxOptions {
  /** Whose memory it is: copies of a service have it in common. */
  readonly consumer: string;
  readonly clock?: Clock;
  readonly retentionMs?: number;
}

export function inbox({
  consumer,
  clock = systemClock,
  retentionMs = limits.inboxRetentionMs,
}: InboxOptions): Inbox {
  return {
    async once(transaction, { event }, effect) {
      const marked = await transaction.query(
        `insert into chassis.inbox values ($1, $2, $3, ${timeOr("$4")}) on conflict do nothing returning 1`,
        [consumer, event.source, event.id, timeBy(clock)],
      );
      return marked.rows.length === 0
        ? { applied: false }
        : { applied: true, result: await effect(transaction) };
    },
    async forget(transaction) {
      const { rows } = await transaction.query(
        `delete from chassis.inbox where (consumer, source, id) in (
           select consumer, source, id from chassis.inbox
           where consumer = $1 and handled_at < ${timeOr("$2")} - ${milliseconds("$3")} order by handled_at limit $4
         ) returning 1`,
        [consumer, timeBy(clock), retentionMs, limits.forgetBatch],
      );
      return rows.length;
    },
  };
}
