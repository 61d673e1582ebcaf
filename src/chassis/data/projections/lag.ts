import type { Clock } from "#base";
import type { Database } from "../../database/database.ts";
import type { Projection } from "./definition.ts";

/** How far a projection is behind. */
export interface Lag {
  /** Events that it has not read yet; too many by appends that were rolled back. */
  readonly events: number;
  /** How old the oldest of them is; 0: there is none. */
  readonly ageMs: number;
  /** Whether readers see this version. */
  readonly live: boolean;
}

export async function lagOf({
  events,
  database,
  projection: { name, version },
  clock,
}: {
  readonly events: Pick<Database, "query">;
  readonly database: Pick<Database, "query">;
  readonly projection: Projection;
  readonly clock: Clock;
}): Promise<Lag> {
  const kept = await database.query(
    "select position, live from chassis.projections where name = $1 and version = $2",
    [name, version],
  );
  const { position, live } = (kept.rows as readonly { position: string; live: boolean }[])[0] ?? {
    position: "0",
    live: false,
  };
  const unread = await events.query(
    `select last_value - $1::bigint as events,
       (select recorded_at from chassis.events where position > $1 order by position limit 1) as oldest
     from chassis.events_position_seq where is_called`,
    [position],
  );
  const [row] = unread.rows as readonly { events: string; oldest: Date | null }[];
  return {
    events: Number(row?.events ?? 0),
    ageMs: row?.oldest ? Math.max(0, clock.now() - row.oldest.getTime()) : 0,
    live,
  };
}
