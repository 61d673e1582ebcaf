import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, realPostgres } from "#testing";
import { database } from "./database.ts";
import { migrate } from "./migrate.ts";

test("tables are brought to their version once, by however many copies, and a failed step leaves nothing", {
  skip: lacksPostgres(),
}, async (t) => {
  const postgres = await realPostgres();
  t.after(() => postgres.stop());
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  t.after(() => pool.end());
  const view = database(pool);
  const steps = ["create table chassis.words (word text)", "insert into chassis.words values ('second')"];
  await Promise.all(
    [1, 2, 2, 1].map((count) => migrate(view, [{ part: "words", steps: steps.slice(0, count) }])),
  );
  await migrate(view, [{ part: "words", steps }]);
  const kept = async () => [
    (await view.query("select word from chassis.words")).rows,
    (await view.query("select part, version from chassis.migrations")).rows,
  ];
  const expected = [[{ word: "second" }], [{ part: "words", version: 2 }]];
  assert.deepEqual(await kept(), expected);
  await assert.rejects(
    migrate(view, [{ part: "words", steps: [...steps, "delete from chassis.words; select 1/0"] }]),
    /cannot bring the tables of words to version 3: .*division by zero/,
  );
  assert.deepEqual(await kept(), expected);
});

test("copies that start together bring tables to their version once also where transactions see one moment", {
  skip: lacksPostgres(),
}, async (t) => {
  const postgres = await realPostgres({ default_transaction_isolation: "repeatable read" });
  t.after(() => postgres.stop());
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  t.after(() => pool.end());
  const schema = { part: "words", steps: ["create table chassis.words (word text)"] };
  await Promise.all([1, 2, 3, 4].map(() => migrate(database(pool), [schema])));
});
