import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pool } from "pg";
import { systemClock } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { type MemoryBroker, memoryBroker } from "../../messages/memory-broker.ts";
import { postgresBroker } from "../../messages/postgres/postgres-broker.ts";
import { messagesSchema } from "../../messages/postgres/schema.ts";
import { everyCrashPoint, type Life } from "../../testing/mod.ts";
import { inboxSchema } from "../inbox/schema.ts";
import { drainOn } from "../outbox/drain.ts";
import { notifyRelay } from "../outbox/notify-relay.ts";
import { outbox } from "../outbox/outbox.ts";
import { outboxSchema } from "../outbox/schema.ts";
import type { SagaDefinition, Timeout } from "./definition.ts";
import { orchestrator } from "./orchestrator.ts";
import { sagaSchema } from "./schema.ts";
import { booksOf, openShop, shopTables } from "./testing/order-saga.ts";

describe("sagas", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openDatabase(free: number) {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
    const view = database(pool);
    await migrate(view, [outboxSchema, inboxSchema, messagesSchema, sagaSchema]);
    await view.query(shopTables);
    await view.query(`insert into stock values (1, ${free})`);
    await view.query("insert into accounts values ('rich', 100000), ('poor', 5), ('silent', 100)");
    return { pool, view };
  }

  interface World {
    readonly view: Database;
    readonly clock: VirtualClock;
    readonly broker: MemoryBroker;
  }

  const orders = [
    ["1", { customer: "rich", cents: 1_000 }],
    ["2", { customer: "poor", cents: 1_000 }],
    ["3", { customer: "silent", cents: 10 }],
    ["4", { customer: "rich", cents: 1 }],
  ] as const;

  /** Everything there is to do, timeouts included, in virtual time. */
  async function run({ view, clock, broker }: World, life: Life): Promise<void> {
    const mine = life.database(view);
    const myBroker = life.broker(broker);
    const session = await mine.session();
    const shop = await openShop({ database: mine, broker: myBroker, clock });
    for (const [id, order] of orders) await shop.place(id, order);
    const open = async () => {
      const { rows } = await view.query(
        "select id from chassis.sagas where state not in ('completed', 'refused')",
      );
      return rows.length > 0;
    };
    while (await open()) {
      await broker.idle();
      const moved = (await drainOn(session, myBroker)) + (await shop.orders.timeOut());
      if (moved === 0) await clock.advance(20_000);
    }
    await shop.close();
  }

  test("end the same wherever the process dies: done, undone, or undone by their timeout", {
    timeout: 280_000,
  }, async (t) => {
    const { pool, view } = await openDatabase(10);
    t.after(() => pool.end());
    const books: unknown[] = [];
    const tried = await everyCrashPoint<World>({
      async open() {
        await view.query(`
          truncate chassis.outbox, chassis.inbox, chassis.sagas, reservations, payments;
          update stock set free = 10;
          update accounts set cents = case customer when 'rich' then 100000 when 'poor' then 5 else 100 end`);
        const clock = new VirtualClock();
        return { view, clock, broker: memoryBroker({ clock }) };
      },
      run,
      async state() {
        books.push(await booksOf(view));
        return books.at(-1);
      },
    });
    assert.ok(tried.length > 40, `only ${tried.length} crash points`);
    assert.deepEqual(books[0], {
      orders: [
        { id: "1", state: "completed" },
        { id: "2", state: "refused" },
        { id: "3", state: "refused" },
        { id: "4", state: "completed" },
      ],
      stock: [{ free: 8 }],
      reserved: [{ id: "1" }, { id: "4" }],
      accounts: [
        { customer: "poor", cents: 5 },
        { customer: "rich", cents: 98_999 },
        { customer: "silent", cents: 100 },
      ],
      payments: [
        { id: "1", cents: 1_000 },
        { id: "4", cents: 1 },
      ],
    });
  });

  test("keep stock and money in agreement with two copies of everything and a server that is killed", {
    timeout: 60_000,
  }, async (t) => {
    const { pool, view } = await openDatabase(10);
    t.after(() => pool.end());
    const stopping = new AbortController();
    const copies = await Promise.all(
      [1, 2].map(async () => {
        const broker = postgresBroker({ database: view });
        const shop = await openShop({ database: view, broker, clock: systemClock });
        const running = [
          notifyRelay({ database: view, broker }).run(stopping.signal),
          shop.orders.run(stopping.signal),
        ];
        return { shop, running };
      }),
    );
    const [first] = copies;
    const total = 30;
    for (let number = 1; number <= total; number += 1) {
      const place = (): Promise<unknown> =>
        (first as (typeof copies)[number]).shop
          .place(`${number}`, { customer: number % 3 === 0 ? "poor" : "rich", cents: 100 })
          .catch(() => postgres.ready().then(place));
      await place();
      if (number === 10) await postgres.terminateBackends();
      if (number === 20) await postgres.kill().then(() => postgres.start());
    }
    const ended = async () => {
      const { rows } = await view
        .query("select count(*)::int as ended from chassis.sagas where state in ('completed', 'refused')")
        .catch(() => ({ rows: [] }));
      return (rows as readonly { ended: number }[])[0]?.ended;
    };
    while ((await ended()) !== total) await view.query("select pg_sleep(0.02)").catch(() => postgres.ready());
    const books = await booksOf(view);
    const completed = (books.orders as { state: string }[]).filter(
      ({ state }) => state === "completed",
    ).length;
    assert.ok(completed > 0 && completed <= 10);
    assert.equal(books.reserved.length, completed, "a reservation per completed order");
    assert.deepEqual(books.stock, [{ free: 10 - completed }]);
    assert.equal(books.payments.length, completed, "a payment per completed order");
    assert.deepEqual(books.accounts, [
      { customer: "poor", cents: 5 },
      { customer: "rich", cents: 100_000 - completed * 100 },
      { customer: "silent", cents: 100 },
    ]);
    stopping.abort();
    await Promise.all(copies.flatMap(({ running }) => running));
    for (const { shop } of copies) await shop.close();
  });

  test("whose state has no timeout any more, in a newer definition, wait for their answer", async (t) => {
    const { pool, view } = await openDatabase(0);
    t.after(() => pool.end());
    const clock = new VirtualClock();
    const sender = outbox({ source: "/test", clock });
    const errands = (timeout: Timeout<"asking" | "done", unknown> | "never") => {
      const definition: SagaDefinition<"asking" | "done", { answered: unknown }, unknown> = {
        name: "errand",
        initial: "asking",
        states: {
          asking: { on: { answered: { to: "done" } }, timeout },
          done: { final: "completed" },
        },
      };
      return orchestrator({ definition, database: view, outbox: sender, clock });
    };
    await errands({ afterMs: 1_000, to: "done" }).start(view, { id: "1", content: {} });
    await clock.advance(1_000);
    assert.equal(await errands("never").timeOut(), 0);
    assert.equal((await errands("never").find(view, "1"))?.state, "asking");
  });
});
