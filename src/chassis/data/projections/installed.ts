import type { Database, Transaction } from "../../database/database.ts";
import { type Projection, tableOf } from "./definition.ts";

/**
 * Makes the table of a projection's version, once, however many copies start together. The first version of a name is
 * live at once: before it there was nothing to read. `fill` writes into the new table before anybody sees it.
 */
export async function install(
  database: Pick<Database, "transaction">,
  projection: Projection,
  fill: (transaction: Transaction) => Promise<void> = async () => {},
): Promise<void> {
  const { name, version } = projection;
  await database.transaction(async (transaction) => {
    await transaction.query("set transaction isolation level read committed");
    await transaction.query("select pg_advisory_xact_lock(1849305, hashtext($1))", [name]);
    const { rows } = await transaction.query("select version from chassis.projections where name = $1", [
      name,
    ]);
    const versions = (rows as readonly { version: number }[]).map((row) => row.version);
    if (versions.includes(version)) return;
    await transaction.query(projection.create(tableOf(projection)));
    await fill(transaction);
    await transaction.query("insert into chassis.projections (name, version) values ($1, $2)", [
      name,
      version,
    ]);
    if (versions.length === 0) await show(transaction, projection);
  });
}

/** Has readers see this version from the commit on, unless they see a newer one. */
export async function show(transaction: Transaction, projection: Projection): Promise<void> {
  const { name, version } = projection;
  await transaction.query("select pg_advisory_xact_lock(1849305, hashtext($1))", [name]);
  const newer = await transaction.query(
    "select from chassis.projections where name = $1 and version > $2 and live",
    [name, version],
  );
  if (newer.rows.length === 0) {
    // Another version may have other columns, which `create or replace` would refuse.
    await transaction.query(`drop view if exists ${name}`);
    await transaction.query(`create view ${name} as select * from ${tableOf(projection)}`);
  }
  await transaction.query("update chassis.projections set live = true where name = $1 and version = $2", [
    name,
    version,
  ]);
}

/** Drops the tables of the versions before the one that readers see. To be called when no program of them runs. How many. */
export async function retire(database: Pick<Database, "transaction">, name: string): Promise<number> {
  return database.transaction(async (transaction) => {
    await transaction.query("select pg_advisory_xact_lock(1849305, hashtext($1))", [name]);
    const { rows } = await transaction.query(
      `delete from chassis.projections where name = $1
         and version < (select max(version) from chassis.projections where name = $1 and live)
       returning version`,
      [name],
    );
    for (const { version } of rows as readonly { version: number }[])
      await transaction.query(`drop table ${tableOf({ name, version })}`);
    return rows.length;
  });
}
