import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { systemClock } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../database/database.ts";
import { migrate } from "../database/migrate.ts";
import { memoryBroker } from "../messages/memory-broker.ts";
import { composer } from "../messages/message.ts";
import { postgresBroker } from "../messages/postgres/postgres-broker.ts";
import { messagesSchema } from "../messages/postgres/schema.ts";
import { VirtualClock } from "../testing/mod.ts";
import { aggregates } from "./events/aggregates.ts";
import { eventsSchema } from "./events/schema.ts";
import { account, payIn } from "./events/testing/account.ts";
import { idempotency } from "./idempotency/idempotency.ts";
import { idempotencySchema } from "./idempotency/schema.ts";
import { inbox } from "./inbox/inbox.ts";
import { inboxSchema } from "./inbox/schema.ts";
import { drainOn } from "./outbox/drain.ts";
import { logRelay } from "./outbox/log-relay.ts";
import { notifyRelay } from "./outbox/notify-relay.ts";
import { outbox } from "./outbox/outbox.ts";
import { pollingRelay } from "./outbox/polling-relay.ts";
import { outboxSchema } from "./outbox/schema.ts";
import { openWorld, upTo } from "./outbox/testing/outbox-world.ts";
import { projector } from "./projections/projector.ts";
import { projectionSchema } from "./projections/schema.ts";
import type { SagaDefinition } from "./saga/definition.ts";
import { orchestrator } from "./saga/orchestrator.ts";
import { sagaSchema } from "./saga/schema.ts";
import { booksOf, openShop, shopTables } from "./saga/testing/order-saga.ts";

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;

describe("when clocks jump", { skip: lacksPostgres(), timeout: 120_000 }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 10 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [
      outboxSchema,
      inboxSchema,
      messagesSchema,
      idempotencySchema,
      sagaSchema,
      eventsSchema,
      projectionSchema,
    ]);
    return view;
  }

  /** The clock of this machine is wrong from now on, and that of the database is not. */
  function setMachine(t: TestContext, byMs: number): void {
    const atMs = systemClock.now() + byMs;
    t.mock.method(Date, "now", () => atMs);
  }

  function patience(view: Database, afterMs: number) {
    const definition: SagaDefinition<"asking" | "done", object, null> = {
      name: "patience",
      initial: "asking",
      states: { asking: { on: {}, timeout: { afterMs, to: "done" } }, done: { final: "completed" } },
    };
    return orchestrator({ definition, database: view, outbox: outbox({ source: "/test" }) });
  }

  test("a machine that is an hour ahead ends no saga before its time", async (t) => {
    const view = await openView(t);
    const sagas = patience(view, 60_000);
    await sagas.start(view, { id: "1", content: null });
    setMachine(t, hourMs);
    assert.equal(await sagas.timeOut(), 0);
  });

  test("a machine that is an hour behind ends sagas when their time is over", async (t) => {
    const view = await openView(t);
    const sagas = patience(view, 1);
    await sagas.start(view, { id: "1", content: null });
    setMachine(t, -hourMs);
    await view.query("select pg_sleep(0.002)");
    assert.equal(await sagas.timeOut(), 1);
  });

  test("a saga that is begun on a machine that is an hour ahead ends in time on another", async (t) => {
    const view = await openView(t);
    setMachine(t, hourMs);
    await patience(view, 1).start(view, { id: "1", content: null });
    t.mock.restoreAll();
    await view.query("select pg_sleep(0.002)");
    assert.equal(await patience(view, 1).timeOut(), 1);
  });

  test("what failed on a machine that is an hour ahead is tried again in its time", async (t) => {
    const view = await openView(t);
    const broker = postgresBroker({ database: view });
    setMachine(t, hourMs);
    const again = Promise.withResolvers<number>();
    const subscription = await broker.subscribe({
      topic: "orders",
      subscriber: "test",
      retryDelayMs: () => {
        // Right after it was looked at, the clock is set right.
        queueMicrotask(() => t.mock.restoreAll());
        return 1;
      },
      async handle({ attempt }) {
        if (attempt === 1) throw new Error("not yet");
        again.resolve(attempt);
      },
    });
    t.after(() => subscription.close());
    await broker.publish([composer({ source: "/test" })({ topic: "orders", type: "counted", data: 1 })]);
    assert.equal(await again.promise, 2);
  });

  test("a machine that is two weeks ahead forgets neither messages nor keys, and sees no lag that is none", async (t) => {
    const view = await openView(t);
    const memory = inbox({ consumer: "test" });
    const keys = idempotency({ database: view, scope: "test" });
    const said = composer({ source: "/test" })({ topic: "orders", type: "counted", data: 1 });
    const effect = async () => "done";
    const request = {
      ...{ params: {}, query: {}, body: {}, principal: undefined },
      headers: { "idempotency-key": "k" },
      signal: AbortSignal.timeout(60_000),
      remainingMs: () => 60_000,
    };
    await memory.once(view, said, effect);
    await keys.once(request, effect);
    await aggregates({ definition: account }).handle(view, "ann", payIn(1));
    setMachine(t, 2 * weekMs);
    assert.equal(await memory.forget(view), 0);
    assert.equal(await keys.forget(view), 0);
    const projection = {
      name: "none",
      version: 1,
      create: (table: string) => `create table ${table} ()`,
      on: {},
    };
    const { events, ageMs } = await projector({ projection, events: view }).lag();
    assert.equal(events, 1);
    assert.ok(ageMs < hourMs, `${ageMs} ms`);
  });

  // The database's own clock can be set, too. One that is turned stands for it: what is asked is the same.
  for (const [direction, byMs] of [
    ["ahead", hourMs],
    ["back", -hourMs],
  ] as const) {
    test(`an hour ${direction} everywhere, in the middle of sagas: all come to an end, and the books agree`, async (t) => {
      const view = await openView(t);
      await view.query(shopTables);
      await view.query("insert into stock values (1, 10)");
      await view.query("insert into accounts values ('rich', 100000), ('silent', 100)");
      const clock = new VirtualClock();
      const broker = memoryBroker({ clock });
      const shop = await openShop({ database: view, broker, clock });
      const session = await view.session();
      for (const id of ["1", "2"]) await shop.place(id, { customer: "rich", cents: 100 });
      await shop.place("3", { customer: "silent", cents: 10 });
      await drainOn(session, broker);
      clock.jump(byMs);
      const open = async () => {
        const { rows } = await view.query(
          "select from chassis.sagas where state not in ('completed', 'refused')",
        );
        return rows.length > 0;
      };
      while (await open()) {
        await broker.idle();
        const moved = (await drainOn(session, broker)) + (await shop.orders.timeOut());
        if (moved === 0) await clock.advance(20_000);
      }
      const { orders, stock, reserved, accounts, payments } = await booksOf(view);
      const done = (orders as { state: string }[]).filter(({ state }) => state === "completed").length;
      assert.equal(reserved.length, done);
      assert.equal(payments.length, done);
      assert.deepEqual(stock, [{ free: 10 - done }]);
      assert.deepEqual(accounts, [
        { customer: "rich", cents: 100_000 - 100 * done },
        { customer: "silent", cents: 100 },
      ]);
      await shop.close();
      await session.close();
    });

    for (const relay of [pollingRelay, notifyRelay, logRelay])
      test(`an hour ${direction} does not concern a ${relay.name}`, async (t) => {
        const world = await openWorld(postgres);
        t.after(() => world.close());
        const clock = new VirtualClock();
        world.start((options) => relay({ ...options, clock }));
        let passed = 0;
        const published = async (count: number) => {
          // A polling relay needs time to pass.
          while (world.different() < count) {
            await world.database.query("select");
            await clock.advance(10);
            passed += 10;
          }
        };
        await world.add("a", 3);
        await published(3);
        clock.jump(byMs);
        await world.add("a", 3);
        await published(6);
        assert.deepEqual(world.firstOf("a"), upTo(6));
        assert.ok(passed < hourMs, "it did not wait for the hour to be over");
      });

    test(`an hour ${direction} does not concern a projection, and its lag is never negative`, async (t) => {
      const view = await openView(t);
      const clock = new VirtualClock();
      const accounts = aggregates({ definition: account, clock });
      const projection = {
        name: "seen",
        version: 1,
        create: (table: string) => `create table ${table} (version int primary key)`,
        on: {
          "money.paid-in": (
            transaction: Pick<Database, "query">,
            table: string,
            event: { version: number },
          ) => transaction.query(`insert into ${table} values ($1)`, [event.version]),
        },
      };
      const kept = projector({ projection, events: view, clock });
      await accounts.handle(view, "ann", payIn(1));
      clock.jump(byMs);
      await accounts.handle(view, "ann", payIn(1));
      assert.ok((await kept.lag()).ageMs >= 0);
      assert.equal(await kept.catchUp(), 2);
      assert.deepEqual((await view.query("select version from seen order by version")).rows, [
        { version: 1 },
        { version: 2 },
      ]);
    });
  }
});
