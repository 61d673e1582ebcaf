import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../database/database.ts";
import { migrate } from "../database/migrate.ts";
import { VirtualClock } from "../testing/mod.ts";
import { aggregates } from "./events/aggregates.ts";
import { eventsSchema } from "./events/schema.ts";
import { account, payIn } from "./events/testing/account.ts";
import { logRelay } from "./outbox/log-relay.ts";
import { notifyRelay } from "./outbox/notify-relay.ts";
import { outbox } from "./outbox/outbox.ts";
import { pollingRelay } from "./outbox/polling-relay.ts";
import { outboxSchema } from "./outbox/schema.ts";
import { openWorld, upTo } from "./outbox/testing/outbox-world.ts";
import { projector } from "./projections/projector.ts";
import { projectionSchema } from "./projections/schema.ts";
import { orchestrator } from "./saga/orchestrator.ts";
import { sagaSchema } from "./saga/schema.ts";

/** The minute passes on a clock that is turned; the server is really killed, and started again when it is over. */
describe("a database that is gone for a minute", { skip: lacksPostgres(), timeout: 120_000 }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 5 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [outboxSchema, sagaSchema, eventsSchema, projectionSchema]);
    return view;
  }

  /** Whoever runs tries again and again meanwhile, in vain. */
  async function minuteWithout(clock: VirtualClock): Promise<void> {
    await postgres.kill();
    for (let second = 0; second < 60; second += 1) await clock.advance(1_000);
    await postgres.start();
  }

  /** Lets time pass until it is so; a real server answers in the meantime. How long it took, on the clock. */
  async function until(
    clock: VirtualClock,
    view: Database,
    so: () => boolean | Promise<boolean>,
  ): Promise<number> {
    const fromMs = clock.monotonicMs();
    while (!(await so())) {
      await view.query("select").catch(() => {});
      await clock.advance(100);
    }
    return clock.monotonicMs() - fromMs;
  }

  for (const relay of [pollingRelay, notifyRelay, logRelay])
    test(`is waited for by a ${relay.name}: what was there and what comes is published, in order`, async (t) => {
      const world = await openWorld(postgres);
      t.after(() => world.close());
      const clock = new VirtualClock();
      world.refuse = () => true;
      await world.add("a", 2);
      world.start((options) => relay({ ...options, clock }));
      await until(clock, world.database, () => world.received.length > 0);
      await minuteWithout(clock);
      world.refuse = () => false;
      await world.add("a", 2);
      await until(clock, world.database, () => world.different() === 4);
      assert.deepEqual(world.firstOf("a"), upTo(4));
    });

  test("is waited for by sagas: those whose time was over by then are moved soon after", async (t) => {
    const view = await openView(t);
    const clock = new VirtualClock();
    const sagas = orchestrator({
      definition: {
        name: "patience",
        initial: "asking",
        states: {
          asking: { on: {}, timeout: { afterMs: 30_000, to: "done" } },
          done: { final: "completed" },
        },
      },
      database: view,
      outbox: outbox({ source: "/test", clock }),
      clock,
    });
    const stop = new AbortController();
    const running = sagas.run(stop.signal);
    await sagas.start(view, { id: "1", content: null });
    await minuteWithout(clock);
    const tookMs = await until(
      clock,
      view,
      async () => (await sagas.find(view, "1").catch(() => undefined))?.state === "done",
    );
    assert.ok(tookMs <= 10_000, `${tookMs} ms`);
    stop.abort();
    await running;
  });

  test("is waited for by a projection", async (t) => {
    const view = await openView(t);
    const clock = new VirtualClock();
    const seen: number[] = [];
    const projection = {
      name: "seen",
      version: 1,
      create: (table: string) => `create table ${table} ()`,
      on: {
        "money.paid-in": async (_: unknown, __: string, event: { version: number }) =>
          seen.push(event.version),
      },
    };
    const accounts = aggregates({ definition: account, clock });
    const kept = projector({ projection, events: view, clock });
    const stop = new AbortController();
    const running = kept.run(stop.signal);
    await accounts.handle(view, "ann", payIn(1));
    await until(clock, view, () => seen.length === 1);
    await minuteWithout(clock);
    await accounts.handle(view, "ann", payIn(1)).catch(() => accounts.handle(view, "ann", payIn(1)));
    await until(clock, view, () => seen.includes(2));
    stop.abort();
    await running;
  });
});
