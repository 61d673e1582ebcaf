import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, realPostgres, VirtualClock } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { memoryBroker } from "../../messages/memory-broker.ts";
import { everyCrashPoint } from "../../testing/mod.ts";
import { inboxSchema } from "../inbox/schema.ts";
import { drainOn } from "../outbox/drain.ts";
import { outbox } from "../outbox/outbox.ts";
import { outboxSchema } from "../outbox/schema.ts";
import { participate } from "./choreography.ts";

const flow = {
  name: "fulfilment",
  topic: "fulfilment",
  begins: ["placed"],
  participants: {
    stock: { placed: ["reserved"], refused: ["released"] },
    payment: { reserved: ["paid", "refused"] },
    mail: { paid: [], released: [] },
  },
  ends: { paid: "completed", released: "undone" },
  undoneBy: { reserved: "released" },
} as const;

test("a flow of reactions ends the same wherever the process dies, and what is not declared is not said", {
  skip: lacksPostgres(),
}, async (t) => {
  const postgres = await realPostgres();
  t.after(() => postgres.stop());
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  const view = database(pool);
  await migrate(view, [outboxSchema, inboxSchema]);
  await view.query("create table stock (free int); create table letters (id text, what text)");
  const sender = outbox({ source: "/shop" });
  await everyCrashPoint({
    async open() {
      await view.query(
        "truncate chassis.outbox, chassis.inbox, stock, letters; insert into stock values (5)",
      );
      const clock = new VirtualClock();
      return { clock, broker: memoryBroker({ clock }) };
    },
    async run({ clock, broker }, life) {
      const mine = { database: life.database(view), outbox: sender, broker: life.broker(broker) };
      await participate(flow, "stock", {
        ...mine,
        reactions: {
          placed: async (transaction) => {
            await transaction.query("update stock set free = free - 1");
            return { type: "reserved", data: {} };
          },
          refused: async (transaction) => {
            await transaction.query("update stock set free = free + 1");
            return { type: "released", data: {} };
          },
        },
      });
      await participate(flow, "payment", {
        ...mine,
        reactions: {
          reserved: async (_transaction, { subject }) => ({
            type: subject === "1" ? "paid" : "refused",
            data: {},
          }),
        },
      });
      const write =
        (what: string) =>
        (transaction: Parameters<typeof sender.add>[0], { subject }: { subject?: string }) =>
          transaction.query("insert into letters values ($1, $2)", [subject, what]);
      await participate(flow, "mail", {
        ...mine,
        reactions: { paid: write("thank you"), released: write("sorry") },
      });
      for (const id of ["1", "2"]) {
        const { rows } = await view.query(
          "select from chassis.outbox where key = $1 union all select from chassis.inbox where id = $2",
          [id, `placed ${id}`],
        );
        if (rows.length === 0)
          await mine.database.transaction((transaction) =>
            sender.add(transaction, {
              topic: "fulfilment",
              type: "placed",
              key: id,
              subject: id,
              id: `placed ${id}`,
              data: {},
            }),
          );
      }
      const session = await mine.database.session();
      const written = async () => (await view.query("select from letters")).rows.length;
      while ((await written()) < 2) {
        await broker.idle();
        if ((await drainOn(session, mine.broker)) === 0) await clock.advance(1_000);
      }
    },
    state: async ({ broker }) => ({
      stock: (await view.query("select free from stock")).rows,
      letters: (await view.query("select id, what from letters order by id")).rows,
      aside: await broker.deadLetters({ topic: "fulfilment", subscriber: "fulfilment payment" }).list(),
    }),
  });
  assert.deepEqual((await view.query("select id, what from letters order by id")).rows, [
    { id: "1", what: "thank you" },
    { id: "2", what: "sorry" },
  ]);
  await pool.end();
});
