import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, realPostgres } from "#testing";
import { type Database, database, type Transaction } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { limits } from "../limits.ts";
import { composer } from "../message.ts";
import { PostgresDeadLetters } from "./postgres-dead-letters.ts";
import { messagesSchema } from "./schema.ts";

const of = { topic: "orders", subscriber: "shipping" };

test("however many letters there are, they are redriven in their order and a few at a time, and discarded unread", {
  skip: lacksPostgres() ?? false,
  timeout: 60_000,
}, async (context) => {
  const postgres = await realPostgres();
  context.after(() => postgres.stop());
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  context.after(() => pool.end());
  const view = database(pool);
  await migrate(view, [messagesSchema]);
  const compose = composer({ source: "/test" });
  const putAside = async (numbers: readonly number[]) => {
    const events = numbers.map(
      (data) => compose({ topic: "orders", type: "counted", key: `key ${data % 7}`, data }).event,
    );
    await view.query(
      `insert into chassis.dead_letters (consumer, topic, source, id, event, attempts, error, put_aside_at)
       select $1, $2, 'test', 'id', event, 1, 'failed', now() from unnest($3::text[]) as letters (event)`,
      [of.subscriber, of.topic, events.map((event) => JSON.stringify(event))],
    );
  };
  const read: number[] = [];
  const watched = (inner: Transaction): Transaction => ({
    async query(text, values) {
      const answer = await inner.query(text, values);
      read.push(answer.rows.length);
      return answer;
    },
  });
  let transactions = 0;
  const watching: Database = {
    ...view,
    ...watched(view),
    async transaction(work) {
      transactions += 1;
      // What is redriven may be put aside again at once.
      if (transactions === 2) await putAside([-1]);
      return view.transaction((transaction) => work(watched(transaction)));
    },
  };

  const numbers = Array.from({ length: 2 * limits.lettersAtOnce + 5 }, (_, at) => at);
  await putAside(numbers);
  const letters = new PostgresDeadLetters(watching, of);
  assert.equal(await letters.redrive("all"), numbers.length);
  assert.equal(transactions, 3);
  assert.ok(Math.max(...read) <= limits.lettersAtOnce);
  const { rows } = await view.query("select event from chassis.deliveries order by position");
  assert.deepEqual(
    (rows as readonly { event: string }[]).map(({ event }) => JSON.parse(event).data),
    numbers,
  );
  assert.deepEqual(
    (await letters.list()).map(({ message }) => message.event.data),
    [-1],
  );

  await putAside(numbers);
  read.length = 0;
  assert.equal(await letters.discard("all"), numbers.length + 1);
  assert.deepEqual(read, [1]);
  assert.deepEqual(await letters.list(), []);
});
