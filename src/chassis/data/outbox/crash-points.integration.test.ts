import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pool } from "pg";
import { seededRandom } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import type { Message } from "../../messages/message.ts";
import { everyCrashPoint, type Life } from "../../testing/mod.ts";
import { drain } from "./drain.ts";
import { outbox } from "./outbox.ts";
import { outboxSchema } from "./schema.ts";

describe("the outbox and its draining, killed at every durable step", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  interface World {
    readonly pool: Pool;
    readonly view: Database;
    readonly said: Message[];
  }

  const scenario = (say: "through the outbox" | "after the commit") => ({
    async open(): Promise<World> {
      const pool = new Pool({ connectionString: await postgres.createDatabase() });
      const view = database(pool);
      await migrate(view, [outboxSchema]);
      await view.query("create table orders (number int primary key)");
      return { pool, view, said: [] };
    },
    async run({ view, said }: World, life: Life) {
      const mine = life.database(view);
      const broker = {
        publish: (messages: readonly Message[]) =>
          life.step("publish", async () => {
            said.push(...messages);
          }),
      };
      const sender = outbox({ source: "/orders", random: seededRandom(1) });
      for (const number of [1, 2, 3]) {
        const draft = {
          topic: "orders",
          type: "order.placed",
          key: "k",
          data: number,
          id: `order ${number}`,
        };
        const placed = await mine.transaction(async (transaction) => {
          const { rows } = await transaction.query(
            "insert into orders values ($1) on conflict do nothing returning number",
            [number],
          );
          if (rows.length > 0 && say === "through the outbox") await sender.add(transaction, draft);
          return rows.length > 0;
        });
        if (placed && say === "after the commit")
          await broker.publish([{ topic: "orders", event: { id: draft.id } as Message["event"] }]);
      }
      await drain(mine, broker);
    },
    async state({ view, said }: World) {
      const orders = await view.query("select number from orders order by number");
      const left = await view.query("select position from chassis.outbox");
      return { orders: orders.rows, left: left.rows, said: [...new Set(said.map(({ event }) => event.id))] };
    },
    close: ({ pool }: World) => pool.end(),
  });

  test("always says what happened, in its order", async () => {
    const tried = await everyCrashPoint(scenario("through the outbox"));
    // Three orders; one batch published and removed; one look that finds nothing. Each before and after.
    assert.equal(tried.length, 2 * (3 + 2 + 1));
  });

  test("the same without an outbox is found out", async () => {
    await assert.rejects(
      everyCrashPoint(scenario("after the commit")),
      /a process that dies after step 1 \(commit\) does not end as one that lives/,
    );
  });
});
