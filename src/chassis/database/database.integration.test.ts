import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool, type PoolConfig } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "./database.ts";

describe("a transaction", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openWords(t: TestContext, options: PoolConfig = {}) {
    const connectionString = await postgres.createDatabase();
    const pools = [new Pool({ connectionString, ...options }), new Pool({ connectionString })];
    t.after(() => Promise.all(pools.map((pool) => pool.end())));
    const [view, other] = pools.map(database) as [Database, Database];
    await view.query("create table words (word text primary key)");
    const words = async () => {
      const { rows } = await other.query("select word from words order by word");
      return (rows as { word: string }[]).map(({ word }) => word);
    };
    return { view, other, words };
  }

  test("does not resolve when a failed statement was passed over, for nothing of it is committed", async (t) => {
    const { view, words } = await openWords(t);
    const session = await view.session();
    t.after(() => session.close());
    for (const on of [view, session])
      await assert.rejects(
        on.transaction(async (transaction) => {
          await transaction.query("insert into words values ('kept?')");
          await transaction.query("insert into words values ('kept?')").catch(() => {});
        }),
        /nothing was committed: a statement of the transaction had failed/,
      );
    assert.deepEqual(await words(), []);
  });

  test("keeps nothing of a branch that goes on when it is over", async (t) => {
    const { view, words } = await openWords(t, { max: 1 });
    const over = Promise.withResolvers<void>();
    let straggler: Promise<unknown> = Promise.resolve();
    await assert.rejects(
      view.transaction(async (transaction) => {
        straggler = over.promise.then(() => transaction.query("insert into words values ('too late')"));
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    over.resolve();
    await assert.rejects(
      straggler,
      /the transaction is over in which this was to be asked: insert into words/,
    );
    assert.deepEqual(await words(), []);
  });

  test("that could not be rolled back does not go on under whoever is next", async (t) => {
    const { view, other, words } = await openWords(t, { max: 1, query_timeout: 300 });
    const locked = Promise.withResolvers<void>();
    const unlock = Promise.withResolvers<void>();
    const holding = other.transaction(async (transaction) => {
      await transaction.query("lock table words");
      locked.resolve();
      await unlock.promise;
    });
    await locked.promise;
    // The statement is given up by the driver and waits on in the server; so does the rollback behind it.
    const waiting = view.transaction((transaction) =>
      transaction.query("insert into words values ('given up')"),
    );
    await assert.rejects(waiting, /timeout/);
    unlock.resolve();
    await holding;
    await view.query("insert into words values ('next')");
    assert.ok((await words()).includes("next"), "committed, for all to see");
  });
});

test("a pool's password is also that of connections beside it", { skip: lacksPostgres() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "chassis-access-"));
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const access = join(directory, "pg_hba.conf");
  writeFileSync(access, "host all postgres 127.0.0.1/32 trust\nhost all relay 127.0.0.1/32 scram-sha-256\n", {
    mode: 0o644,
  });
  const postgres = await realPostgres({ hba_file: access });
  t.after(() => postgres.stop());
  const url = new URL(await postgres.createDatabase());
  const owner = new Pool({ connectionString: url.href });
  await owner.query("create role relay login replication password 'pearl'");
  await owner.end();
  const pool = new Pool({
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: "relay",
    password: "pearl",
  });
  const view = database(pool);
  const session = await view.session();
  const replication = await view.replication();
  for (const connection of [view, session, replication])
    assert.deepEqual((await connection.query("select current_user as who")).rows, [{ who: "relay" }]);
  await replication.end();
  await session.close();
  await pool.end();
});
