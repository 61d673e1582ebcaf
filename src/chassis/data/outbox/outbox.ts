import type { Transaction } from "../../database/database.ts";
import { composer, type Draft, type Message, type SenderOptions } from "../../messages/message.ts";
import { outboxChannel } from "./schema.ts";

/**
 * Messages that are said if, and only if, the transaction is committed in which they are added.
 *
 * Messages of one key are sent in the order in which their transactions were committed, within one in the order in
 * which they were added. For this a transaction that adds to a key waits for others that have done so and are still
 * open; transactions that add to several keys in different orders may be ended by PostgreSQL's deadlock detection, and
 * are tried again by their owner as after any serialization failure.
 */
export interface Outbox {
  /** Adds messages to the caller's own transaction. What will be sent, with its envelopes. */
  add(transaction: Transaction, ...drafts: readonly Draft[]): Promise<readonly Message[]>;
  /** Adds what already has an envelope, unchanged: to send it once more. */
  forward(transaction: Transaction, ...messages: readonly Message[]): Promise<void>;
}

export interface OutboxOptions extends SenderOptions {
  /**
   * Whether commits are announced by NOTIFY. PostgreSQL makes those that are wait for one another, each for its
   * flush: with the log relay, which needs no word, many writers at once are faster with "never".
   */
  readonly announce?: "every commit" | "never";
}

export function outbox(options: OutboxOptions): Outbox {
  const compose = composer(options);
  const statement = options.announce === "never" ? addQuietly : addAndAnnounce;
  const forward = async (transaction: Transaction, messages: readonly Message[]) => {
    if (messages.length === 0) return;
    await transaction.query(statement, [
      messages.map(({ topic }) => topic),
      messages.map(({ event }) => event.partitionkey),
      messages.map(({ event }) => JSON.stringify(event)),
    ]);
  };
  return {
    async add(transaction, ...drafts) {
      const messages = drafts.map(compose);
      await forward(transaction, messages);
      return messages;
    },
    forward: (transaction, ...messages) => forward(transaction, messages),
  };
}

/**
 * Positions are drawn under a lock on the key that is held until the commit, so their order is that of the commits.
 * One statement takes the locks of its keys in one order, or two of them could wait for each other.
 */
const addQuietly = `
  with locked as materialized (
    select count(pg_advisory_xact_lock(1849301, hash)) from (
      select distinct hashtext(key) as hash from unnest($2::text[]) as keys (key) order by hash
    ) as hashes
  )
  insert into chassis.outbox (topic, key, event)
  select topic, key, event
  from locked, unnest($1::text[], $2::text[], $3::text[]) with ordinality as added (topic, key, event, number)
  order by number`;

const addAndAnnounce = `with added as (${addQuietly} returning 1) select pg_notify('${outboxChannel}', '') from added limit 1`;
