import type { Clock } from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import { pause } from "../../database/persist.ts";
import type { Broker } from "../../messages/broker.ts";
import type { CloudEvent } from "../../messages/cloud-event.ts";
import type { Message } from "../../messages/message.ts";
import { limits } from "../limits.ts";

/**
 * Publishes messages of the outbox until there are none that another copy does not have in hand. How many.
 *
 * The row of a key's first message is the lock on the key: who holds it has every message of the key that it sees, and
 * whoever comes later skips the key, or finds the row gone and looks again. So copies never send one key side by side.
 */
export async function drain(
  database: Database,
  broker: Pick<Broker, "publish">,
  signal?: AbortSignal,
): Promise<number> {
  let published = 0;
  while (!signal?.aborted) {
    const count = await publishBatch(database, broker);
    if (count === 0) break;
    published += count;
  }
  return published;
}

/**
 * Publishes what is there up to a position, and resolves when none of it is left: what another copy has in hand is
 * waited for, and taken should it be given back.
 */
export async function drainUpTo(
  position: string,
  options: {
    readonly database: Database;
    readonly broker: Pick<Broker, "publish">;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { database, broker, clock, signal } = options;
  while (!signal.aborted) {
    if ((await publishBatch(database, broker, position)) > 0) continue;
    const first = await database.query("select from chassis.outbox where position <= $1 limit 1", [position]);
    if (first.rows.length === 0) return;
    await pause(clock, limits.quickPollMs, signal);
  }
}

/** The highest position that is there; 0 when none is. */
export async function lastPosition(transaction: Transaction): Promise<string> {
  const { rows } = await transaction.query("select coalesce(max(position), 0) as last from chassis.outbox");
  return (rows as readonly { last: string }[])[0]?.last ?? "0";
}

async function publishBatch(
  database: Database,
  broker: Pick<Broker, "publish">,
  upTo = highest,
): Promise<number> {
  return database.transaction(async (transaction) => {
    const claimed = await transaction.query(claim, [
      limits.relayWindow,
      limits.relayBatch,
      limits.relayBytes,
      upTo,
    ]);
    const rows = claimed.rows as readonly OutboxRow[];
    if (rows.length === 0) return 0;
    await broker.publish(rows.map(messageOf));
    await remove(
      transaction,
      rows.map(({ position }) => position),
    );
    return rows.length;
  });
}

/**
 * Takes out what was published: the positions that were there. Should a crash undo it, they are published
 * again, so there is no flush to wait for.
 */
export async function remove(
  transaction: Transaction,
  positions: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await transaction.query(
    `with quick as (select set_config('synchronous_commit', 'off', true))
     delete from chassis.outbox using quick where position = any ($1::bigint[]) returning position`,
    [positions],
  );
  return (rows as readonly { position: string }[]).map(({ position }) => position);
}

export interface OutboxRow {
  /** A bigint, as PostgreSQL writes it. */
  readonly position: string;
  readonly topic: string;
  readonly event: string;
}

export function messageOf({ topic, event }: OutboxRow): Message {
  return { topic, event: JSON.parse(event) as CloudEvent };
}

/** No position is higher. */
const highest = "9223372036854775807";

const claim = `
  with recent as (
    select position, key from chassis.outbox where position <= $4 order by position limit $1
  ), locked as (
    select position, key from chassis.outbox
    where position in (select min(position) from recent group by key)
    order by position limit $2
    for update skip locked
  )
  select position, topic, event from (
    select outbox.position, outbox.topic, outbox.event,
      sum(octet_length(outbox.event)) over (order by outbox.position) - octet_length(outbox.event) as bytes_before
    from locked join recent using (key) join chassis.outbox on outbox.position = recent.position
    order by outbox.position limit $2
  ) as batch
  where bytes_before < $3
  order by position`;
