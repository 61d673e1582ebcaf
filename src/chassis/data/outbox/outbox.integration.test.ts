import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import type { Message } from "../../messages/message.ts";
import { drain } from "./drain.ts";
import { openWorld } from "./testing/outbox-world.ts";

describe("an outbox", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  test("says what is committed, and only that; without one, the broker and the table disagree", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    const said: { with: unknown[]; without: unknown[] } = { with: [], without: [] };
    const order = async (number: number, how: keyof typeof said) => {
      await world.database
        .transaction(async (transaction) => {
          await transaction.query("insert into counters values ($1, $2)", [`${how} ${number}`, number]);
          const draft = { topic: "orders", type: "placed", data: number };
          if (how === "with") await world.outbox.add(transaction, draft);
          else said.without.push(draft.data);
          if (number === 2) throw new Error("out of stock");
        })
        .catch(() => {});
    };
    for (const number of [1, 2, 3]) for (const how of ["with", "without"] as const) await order(number, how);
    await drain(world.database, {
      publish: async (messages: readonly Message[]) => {
        said.with.push(...messages.map(({ event }) => event.data));
      },
    });
    assert.deepEqual(said.with, [1, 3]);
    assert.deepEqual(said.without, [1, 2, 3], "said, and never happened");
  });

  test("makes a transaction that adds to a key wait for one that has and is open", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    const draft = (key: string, data: number) => ({ topic: "orders", type: "counted", key, data });
    const first = Promise.withResolvers<void>();
    let second: Promise<unknown> = Promise.resolve();
    const opened = Promise.withResolvers<void>();
    const firstDone = world.database.transaction(async (transaction) => {
      await world.outbox.add(transaction, draft("a", 1));
      opened.resolve();
      await first.promise;
    });
    await opened.promise;
    second = world.database.transaction((transaction) => world.outbox.add(transaction, draft("a", 2)));
    await world.database.transaction((transaction) => world.outbox.add(transaction, draft("b", 3)));
    const { rows } = await world.database.query("select key from chassis.outbox");
    assert.deepEqual(rows, [{ key: "b" }], "other keys do not wait");
    first.resolve();
    await Promise.all([firstDone, second]);
    const all = await world.database.query(
      "select (event::json ->> 'data')::int as data from chassis.outbox where key = 'a' order by position",
    );
    assert.deepEqual(all.rows, [{ data: 1 }, { data: 2 }]);
  });

  test("refuses at the door what a broker could not carry", async (t) => {
    const world = await openWorld(postgres);
    t.after(() => world.close());
    const add = (draft: { topic: string; data: unknown; headers?: Record<string, string> }) =>
      world.database.transaction((transaction) =>
        world.outbox.add(transaction, { type: "counted", ...draft }),
      );
    await assert.rejects(add({ topic: "orders", data: "x".repeat(1_000_001) }), /more than 1000000; store/);
    await assert.rejects(add({ topic: "Orders!", data: 1 }), /a topic is 1 to 128 lower-case letters/);
    await assert.rejects(
      add({ topic: "orders", data: 1, headers: { "x-trace": "1" } }),
      /header "x-trace" is not 1 to 20 lower-case letters/,
    );
  });
});
