import { type Clock, internalError } from "#base";
import type { Database, Session, Transaction } from "../../database/database.ts";
import { pause } from "../../database/persist.ts";
import type { Broker } from "../../messages/broker.ts";
import type { CloudEvent } from "../../messages/cloud-event.ts";
import type { Message } from "../../messages/message.ts";
import { limits } from "../limits.ts";

/**
 * Publishes messages of the outbox until there are none that another copy does not have in hand, once: for tests, and for
 * programs that end when their work is done. How many.
 */
export async function drain(
  database: Pick<Database, "session">,
  broker: Pick<Broker, "publish">,
  signal?: AbortSignal,
): Promise<number> {
  const session = await database.session();
  try {
    return await drainOn(session, broker, signal);
  } finally {
    await session.close();
  }
}

/**
 * The same on a session that is there. It has to be one: its transaction is open while the broker is asked, and a broker
 * that asks the same pool would wait for the connection that waits for it.
 *
 * The row of a key's first message is the lock on the key: who holds it has every message of the key that it sees, and
 * whoever comes later skips the key, or finds the row gone and looks again. So copies never send one key side by side.
 */
export async function drainOn(
  session: Session,
  broker: Pick<Broker, "publish">,
  signal?: AbortSignal,
): Promise<number> {
  let published = 0;
  while (!signal?.aborted) {
    const count = await publishBatch(session, broker);
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
    readonly session: Session;
    readonly broker: Pick<Broker, "publish">;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { session, broker, clock, signal } = options;
  while (!signal.aborted) {
    if ((await publishBatch(session, broker, position)) > 0) continue;
    const first = await session.query("select from chassis.outbox where position <= $1 limit 1", [position]);
    if (first.rows.length === 0) return;
    await pause(clock, limits.quickPollMs, signal);
  }
}

/** The highest position that is there; 0 when none is. */
export async function lastPosition(transaction: Transaction): Promise<string> {
  const { rows } = await transaction.query("select coalesce(max(position), 0) as last from chassis.outbox");
  return (rows as readonly { last: string }[])[0]?.last ?? "0";
}

/** Rejects when messages were published and are still there: whoever goes on at once would publish them for ever. */
async function publishBatch(
  session: Session,
  broker: Pick<Broker, "publish">,
  upTo = highest,
): Promise<number> {
  const { published, removed } = await session.transaction(async (transaction) => {
    const claimed = await transaction.query(claim, [
      limits.relayWindow,
      limits.relayBatch,
      limits.relayBytes,
      upTo,
    ]);
    const rows = claimed.rows as readonly OutboxRow[];
    if (rows.length === 0) return { published: [], removed: [] };
    await broker.publish(rows.map(messageOf));
    const published = rows.map(({ position }) => position);
    return { published, removed: await remove(transaction, published) };
  });
  if (removed.length < published.length)
    throw internalError(
      `published messages cannot be removed from chassis.outbox (${published.length - removed.length} of ${published.length}): a trigger, a rule or a policy keeps them`,
    );
  return published.length;
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
