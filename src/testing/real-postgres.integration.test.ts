import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { lacksPostgres, realPostgres } from "#testing";

test("a killed server comes back with what it had acknowledged, and nothing else", {
  skip: lacksPostgres(),
}, async (t) => {
  const postgres = await realPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  const before = await connected(url);
  await before.query("create table kept (word text)");
  await before.query("insert into kept values ('committed')");
  await before.query("begin");
  await before.query("insert into kept values ('in mid-transaction')");
  const lost = new Promise((resolve) => before.on("error", resolve));
  await postgres.kill();
  await lost;
  await postgres.start();
  const after = await connected(url);
  const { rows } = await after.query("select word from kept");
  await after.end();
  assert.deepEqual(rows, [{ word: "committed" }]);
});

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
