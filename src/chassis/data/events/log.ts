import { type ApiError, conflict } from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import { timeOr } from "../../database/time.ts";
import { limits } from "../limits.ts";
import { asleep, eventsChannel } from "./schema.ts";

/** An event as it stands in the log of all streams. */
export interface RecordedEvent {
  /** Where it stands among all events: a bigint, as PostgreSQL writes it. */
  readonly position: string;
  readonly stream: string;
  readonly id: string;
  readonly version: number;
  readonly type: string;
  /** Of what is in it, counted from 1. */
  readonly shape: number;
  readonly data: unknown;
  readonly recordedAt: Date;
}

export interface Appended {
  readonly type: string;
  readonly shape: number;
  readonly data: unknown;
}

/** Behind which version of which stream. */
export interface Target {
  readonly stream: string;
  readonly id: string;
  readonly version: number;
  /** When; `null`: the database says. */
  readonly at: Date | null;
}

/**
 * Writes events behind the given version of a stream. Rejects with `Conflict` when it has others there already, or gets
 * them from the transaction that this one has to wait for; then nothing of this transaction can be kept.
 */
export async function append(
  transaction: Transaction,
  to: Target,
  events: readonly Appended[],
): Promise<readonly RecordedEvent[]> {
  const { stream, id, version, at } = to;
  const { rows } = await transaction
    .query(insert, [
      stream,
      id,
      version,
      at,
      events.map(({ type }) => type),
      events.map(({ shape }) => shape),
      events.map(({ data }) => JSON.stringify(data ?? null)),
    ])
    .catch((error) => {
      throw (error as { constraint?: string }).constraint === "events_once" ? moved(to) : error;
    });
  if (rows.length !== events.length) throw moved(to);
  return (rows as readonly Row[]).map(recorded);
}

export function moved({ stream, id, version }: Omit<Target, "at">): ApiError {
  return conflict(
    { resource: stream, name: id },
    `it is not at version ${version}, on which this was decided; load it again, and decide again`,
  );
}

/** The events of one stream behind a version. */
export async function readStream(
  transaction: Transaction,
  { stream, id, after }: { readonly stream: string; readonly id: string; readonly after: number },
): Promise<readonly RecordedEvent[]> {
  const { rows } = await transaction.query(
    `select ${columns} from chassis.events where stream = $1 and id = $2 and version > $3 order by version`,
    [stream, id, after],
  );
  return (rows as readonly Row[]).map(recorded);
}

export interface Page {
  readonly events: readonly RecordedEvent[];
  /** Up to here nothing can appear any more: where the next page begins. */
  readonly position: string;
  /** Whether there is more, or transactions are open behind which there may be. */
  readonly more: boolean;
}

/**
 * The events of all streams behind a position, in an order that is the same for everyone and keeps that of each stream.
 *
 * Positions are drawn before they are committed, so 6 may be there while 5 is still to come. Whoever appends says by a
 * shared lock, whose key is a position, that he draws behind it; whoever reads stops at the lowest of these. Nobody
 * waits for anybody, and only those who append hold readers up. It is read where it is written: a replica does not know
 * of locks.
 */
export async function readLog(
  database: Pick<Database, "query">,
  after: string,
  appends: "may be open" | "nobody appends" = "may be open",
): Promise<Page> {
  // Each a statement with its own view of the moment, in this order: drawn, who draws, what is there.
  const drawn = await database.query("select last_value from chassis.events_position_seq where is_called");
  const last = (drawn.rows as readonly { last_value: string }[])[0]?.last_value ?? "0";
  if (BigInt(last) <= BigInt(after)) return { events: [], position: after, more: false };
  const drawing = appends === "may be open" ? await database.query(lowestDrawing, [last]) : { rows: [] };
  const horizon = (drawing.rows as readonly { horizon: string | null }[])[0]?.horizon ?? last;
  const { rows } = await database.query(
    `select ${columns} from chassis.events where position > $1 and position <= $2 order by position limit $3`,
    [after, horizon, limits.eventBatch],
  );
  const events = (rows as readonly Row[]).map(recorded);
  const end = events.length < limits.eventBatch ? horizon : (events.at(-1) as RecordedEvent).position;
  const position = BigInt(end) < BigInt(after) ? after : end;
  return { events, position, more: BigInt(position) < BigInt(last) };
}

const columns = `position, stream, id, version, type, shape, data, recorded_at as "recordedAt"`;

interface Row extends Omit<RecordedEvent, "data"> {
  readonly data: string;
}

function recorded({ data, ...row }: Row): RecordedEvent {
  return { ...row, data: JSON.parse(data) };
}

/** The lowest position, not above $1, behind which somebody may still draw. */
const lowestDrawing = `
  select min($1::bigint - behind) as horizon
  from (
    select ($1::bigint - objid::bigint) & 4294967295 as behind from pg_locks
    where locktype = 'advisory' and classid = 1849304 and objsubid = 2
      and database = (select oid from pg_database where datname = current_database())
  ) as drawing
  where behind < 2147483648`;

/**
 * The key of a lock has 32 bits: the lower ones of the position that was drawn last. No position is drawn before the lock
 * is there: each row that is inserted comes out of the join with it.
 */
const insert = `
  with locked as materialized (
    select pg_advisory_xact_lock_shared(1849304, (case when low < 2147483648 then low else low - 4294967296 end)::int)
    from (
      select case when is_called then last_value & 4294967295 else 0 end as low from chassis.events_position_seq
    ) as drawn
  ), added as (
    insert into chassis.events (stream, id, version, type, shape, data, recorded_at)
    select $1::text, $2::text, $3::int + number, type, shape, data, ${timeOr("$4")}
    from locked, unnest($5::text[], $6::int[], $7::text[]) with ordinality as happened (type, shape, data, number)
    where $3 = 0 or exists (select from chassis.events where stream = $1 and id = $2 and version = $3)
    order by number
    returning ${columns}
  ), told as (
    select case when pg_try_advisory_lock(${asleep}) then pg_advisory_unlock(${asleep})::text
      else pg_notify('${eventsChannel}', '')::text end
    from added limit 1
  )
  select added.* from added left join told on true order by version`;
