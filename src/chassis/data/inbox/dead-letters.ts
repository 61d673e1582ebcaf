import type { Transaction } from "../../database/database.ts";
import type { CloudEvent } from "../../messages/cloud-event.ts";
import type { Message } from "../../messages/message.ts";
import type { Outbox } from "../outbox/outbox.ts";

/** A message that a consumer could not handle. */
export interface DeadLetter {
  readonly number: string;
  readonly consumer: string;
  readonly message: Message;
  readonly attempts: number;
  /** What the last attempt failed with. */
  readonly error: string;
  readonly putAsideAt: Date;
}

/** The oldest dead letters of a consumer. */
export async function deadLetters(
  transaction: Transaction,
  { consumer, limit = 100 }: { readonly consumer: string; readonly limit?: number },
): Promise<readonly DeadLetter[]> {
  const { rows } = await transaction.query(
    `select number, consumer, topic, event, attempts, error, put_aside_at as "putAsideAt"
     from chassis.dead_letters where consumer = $1 order by number limit $2`,
    [consumer, limit],
  );
  return (rows as readonly Row[]).map(({ topic, event, ...letter }) => ({
    ...letter,
    message: messageOf(topic, event),
  }));
}

/**
 * Sends dead letters once more, in their old order, as they were: whoever has handled them already knows them by their
 * id. They come behind what has been sent since. How many.
 */
export async function redrive(
  transaction: Transaction,
  { outbox, consumer }: { readonly outbox: Outbox; readonly consumer: string },
): Promise<number> {
  const { rows } = await transaction.query(
    `with taken as (delete from chassis.dead_letters where consumer = $1 returning number, topic, event)
     select topic, event from taken order by number`,
    [consumer],
  );
  await outbox.forward(
    transaction,
    ...(rows as readonly Pick<Row, "topic" | "event">[]).map(({ topic, event }) => messageOf(topic, event)),
  );
  return rows.length;
}

export async function putAside(
  transaction: Transaction,
  letter: {
    readonly consumer: string;
    readonly message: Message;
    readonly attempts: number;
    readonly error: string;
    readonly atMs: number;
  },
): Promise<void> {
  const { consumer, message, attempts, error, atMs } = letter;
  const { topic, event } = message;
  await transaction.query(
    `insert into chassis.dead_letters (consumer, topic, source, id, event, attempts, error, put_aside_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [consumer, topic, event.source, event.id, JSON.stringify(event), attempts, error, new Date(atMs)],
  );
}

interface Row extends Omit<DeadLetter, "message"> {
  readonly topic: string;
  readonly event: string;
}

function messageOf(topic: string, event: string): Message {
  return { topic, event: JSON.parse(event) as CloudEvent };
}
