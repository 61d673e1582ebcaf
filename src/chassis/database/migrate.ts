import { internalError } from "#base";
import type { Database, Transaction } from "./database.ts";

/**
 * The tables of one part, as the steps that made them. A step that was released is never changed: what comes later is
 * a further step. A step leaves copies of the version before it working, for they run beside it while a service is
 * rolled out.
 */
export interface Schema {
  readonly part: string;
  readonly steps: readonly string[];
}

/**
 * Brings the tables of the given parts to the version of this program: once, however many copies start together. A
 * database that is ahead of this program is left as it is.
 */
export async function migrate(database: Database, schemas: readonly Schema[]): Promise<void> {
  await database.transaction(async (transaction) => {
    // Whoever has waited for the lock must see what was done under it, also where a database's default is stricter.
    await transaction.query("set transaction isolation level read committed");
    // Held to the end of the transaction. The number is "nacre" in ASCII.
    await transaction.query("select pg_advisory_xact_lock(474215248485)");
    await transaction.query(`
      create schema if not exists chassis;
      create table if not exists chassis.migrations (part text primary key, version int not null)`);
    for (const schema of schemas) await bring(transaction, schema);
  });
}

async function bring(transaction: Transaction, { part, steps }: Schema): Promise<void> {
  const { rows } = await transaction.query("select version from chassis.migrations where part = $1", [part]);
  const [row] = rows as readonly { version: number }[];
  for (const [index, step] of steps.entries()) {
    if (index < (row?.version ?? 0)) continue;
    try {
      await transaction.query(step);
    } catch (cause) {
      throw internalError(`cannot bring the tables of ${part} to version ${index + 1}: ${cause}`, cause);
    }
  }
  if (steps.length > (row?.version ?? 0))
    await transaction.query(
      "insert into chassis.migrations values ($1, $2) on conflict (part) do update set version = excluded.version",
      [part, steps.length],
    );
}
