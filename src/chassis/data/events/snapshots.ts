import type { Transaction } from "../../database/database.ts";
import type { Loaded } from "./definition.ts";

interface SnapshotOf {
  readonly stream: string;
  readonly id: string;
  readonly shape: number;
}

/** The newest state that was kept in this shape. */
export async function readSnapshot<State>(
  transaction: Transaction,
  { stream, id, shape }: SnapshotOf,
): Promise<Loaded<State> | undefined> {
  const { rows } = await transaction.query(
    "select version, state from chassis.snapshots where stream = $1 and id = $2 and shape = $3",
    [stream, id, shape],
  );
  const [row] = rows as readonly { version: number; state: string }[];
  return row && { version: row.version, state: JSON.parse(row.state) as State };
}

/** Keeps a state in place of an older one. A newer shape stays: programs of both versions may run. */
export async function writeSnapshot<State>(
  transaction: Transaction,
  { stream, id, shape }: SnapshotOf,
  { version, state }: Loaded<State>,
): Promise<void> {
  await transaction.query(
    `insert into chassis.snapshots values ($1, $2, $3, $4, $5)
     on conflict (stream, id) do update
       set version = excluded.version, shape = excluded.shape, state = excluded.state
       where (excluded.shape, excluded.version) > (snapshots.shape, snapshots.version)`,
    [stream, id, version, shape, JSON.stringify(state)],
  );
}
