import type { Clock } from "#base";
import type { Database } from "../../database/database.ts";
import { timeBy, timeOr } from "../../database/time.ts";
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
    `select last_value - $1::bigint as events, (
       select extract(epoch from ${timeOr("$2")} - recorded_at)::float8 * 1000
       from chassis.events where position > $1 order by position limit 1
     ) as "ageMs"
     from chassis.events_position_seq where is_called`,
    [position, timeBy(clock)],
  );
  const [row] = unread.rows as readonly { events: string; ageMs: number | null }[];
  return {
    events: Number(row?.events ?? 0),
    ageMs: Math.max(0, row?.ageMs ?? 0),
    live,
  };
}
