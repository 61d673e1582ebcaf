import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { everyCrashPoint } from "../../testing/mod.ts";
import { aggregates } from "../events/aggregates.ts";
import { eventsSchema } from "../events/schema.ts";
import { account, payIn } from "../events/testing/account.ts";
import { limits } from "../limits.ts";
import type { Apply, Projection } from "./definition.ts";
import { inline } from "./inline.ts";
import { retire } from "./installed.ts";
import { projector } from "./projector.ts";
import { projectionSchema } from "./schema.ts";

const addUp: Apply = (transaction, table, { id, data }) =>
  transaction.query(
    `insert into ${table} (id, cents) values ($1, $2) on conflict (id) do update set cents = ${table}.cents + excluded.cents`,
    [id, (data as { cents: number }).cents],
  );

const balances: Projection = {
  name: "balances",
  version: 1,
  create: (table) => `create table ${table} (id text primary key, cents int not null)`,
  on: { "money.paid-in": addUp },
};

const richer: Projection = {
  ...balances,
  version: 2,
  create: (table) =>
    `create table ${table} (note text not null default 'v2', id text primary key, cents int not null)`,
};

describe("projections", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [eventsSchema, projectionSchema]);
    return view;
  }

  const seen = async (view: Database) => (await view.query("select * from balances order by id")).rows;
  const payAll = (view: Database, id: string, count: number) =>
    view.transaction((transaction) =>
      aggregates({ definition: account }).change(transaction, id, () =>
        Array.from({ length: count }, () => ({ type: "money.paid-in", data: { cents: 1 } }) as const),
      ),
    );

  test("apply each event once, wherever the process dies, in every version", async (t) => {
    const view = await openView(t);
    await payAll(view, "ann", limits.eventBatch + 2);
    await everyCrashPoint({
      open: async () =>
        void (await view.query(
          "drop view if exists balances; drop table if exists balances_v1, balances_v2; truncate chassis.projections",
        )),
      async run(_world, life) {
        for (const projection of [balances, richer])
          await projector({ projection, events: view, database: life.database(view) }).catchUp();
        await retire(life.database(view), "balances");
      },
      state: async () => [await seen(view), (await view.query("select * from chassis.projections")).rows],
    });
    assert.deepEqual(await seen(view), [{ note: "v2", id: "ann", cents: limits.eventBatch + 2 }]);
  });

  test("are rebuilt while readers see the version before, whole, up to the moment in which the new one is", async (t) => {
    const view = await openView(t);
    const count = 2 * limits.eventBatch + 1;
    await payAll(view, "ann", count);
    await projector({ projection: balances, events: view }).catchUp();
    const before = [{ id: "ann", cents: count }];
    let looked = 0;
    const watched: Projection = {
      ...richer,
      on: {
        "money.paid-in": async (transaction, table, event) => {
          await addUp(transaction, table, event);
          if (event.version % 250 !== 0) return;
          assert.deepEqual(await seen(view), before);
          looked += 1;
        },
      },
    };
    await projector({ projection: watched, events: view }).catchUp();
    assert.equal(looked, 4);
    assert.deepEqual(await seen(view), [{ note: "v2", id: "ann", cents: count }]);
    // A copy of the old program goes on with its own table, and takes nothing back.
    await projector({ projection: balances, events: view }).catchUp();
    assert.deepEqual(await seen(view), [{ note: "v2", id: "ann", cents: count }]);
  });

  test("may apply a batch at once, in its order", async (t) => {
    const view = await openView(t);
    await payAll(view, "ann", limits.eventBatch + 1);
    const batches: number[][] = [];
    const latest: Projection = {
      name: "balances",
      version: 1,
      create: balances.create,
      async onBatch(transaction, table, events) {
        batches.push(events.map(({ version }) => version));
        await transaction.query(
          `insert into ${table} select id, sum(cents) from unnest($1::text[], $2::int[]) as paid (id, cents) group by id
           on conflict (id) do update set cents = ${table}.cents + excluded.cents`,
          [events.map(({ id }) => id), events.map(({ data }) => (data as { cents: number }).cents)],
        );
      },
    };
    await projector({ projection: latest, events: view }).catchUp();
    const count = limits.eventBatch + 1;
    assert.deepEqual(await seen(view), [{ id: "ann", cents: count }]);
    assert.deepEqual(
      batches.map((versions) => versions.length),
      [limits.eventBatch, 1],
    );
    assert.deepEqual(
      batches.flat(),
      Array.from({ length: count }, (_, at) => at + 1),
    );
  });

  test("agree with the events when two copies keep them, connections are cut and the server is killed", async (t) => {
    const view = await openView(t);
    const stop = new AbortController();
    const running = [1, 2].map(() => projector({ projection: balances, events: view }).run(stop.signal));
    const accounts = aggregates({ definition: account });
    const ids = ["a", "b", "c"];
    const writing = Promise.all(
      ids.map(async (id) => {
        for (let version = 0; version < 40; version += 1) {
          const pay = (): Promise<unknown> =>
            accounts
              .handle(view, id, (_state, at) => (at === version ? payIn(1)({ cents: 0 }, at) : []))
              .catch(() => postgres.ready().then(pay));
          await pay();
          if (id === "a" && version === 10) await postgres.terminateBackends();
          if (id === "b" && version === 20) await postgres.kill().then(() => postgres.start());
        }
      }),
    );
    await writing;
    const all = ids.map((id) => ({ id, cents: 40 }));
    while (JSON.stringify(await seen(view).catch(() => [])) !== JSON.stringify(all))
      await view.query("select pg_sleep(0.02)").catch(() => postgres.ready());
    stop.abort();
    await Promise.all(running);
    assert.deepEqual(await seen(view), all);
  });

  test("may stand in another database, and say how far they are behind", async (t) => {
    const [events, readers] = [await openView(t), await openView(t)];
    const clock = new VirtualClock();
    const kept = projector({ projection: balances, events, database: readers, clock });
    const accounts = aggregates({ definition: account, clock });
    assert.deepEqual(await kept.lag(), { events: 0, ageMs: 0, live: true });
    await accounts.handle(events, "ann", payIn(1));
    await clock.advance(3_000);
    await accounts.handle(events, "ann", payIn(2));
    assert.deepEqual(await kept.lag(), { events: 2, ageMs: 3_000, live: true });
    assert.equal(await kept.catchUp(), 2);
    assert.deepEqual(await kept.lag(), { events: 0, ageMs: 0, live: true });
    assert.deepEqual(await seen(readers), [{ id: "ann", cents: 3 }]);
  });

  test("that are kept inline begin with what was before, and are true in the very transaction", async (t) => {
    const view = await openView(t);
    await payAll(view, "ann", 3);
    const accounts = aggregates({ definition: account, inline: [await inline(view, balances)] });
    const again = await inline(view, balances);
    assert.ok(again, "copies may start one after the other");
    await assert.rejects(
      view.transaction(async (transaction) => {
        await accounts.change(transaction, "ann", payIn(1));
        assert.deepEqual((await transaction.query("select cents from balances")).rows, [{ cents: 4 }]);
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    assert.deepEqual(await seen(view), [{ id: "ann", cents: 3 }]);
    await assert.rejects(inline(view, richer), /cannot keep version 2 .* inline/);
  });

  test("refuse names that are none", () => {
    const events = {} as Database;
    assert.throws(
      () => projector({ projection: { ...balances, name: "b; drop" }, events }),
      /it names a view/,
    );
    assert.throws(() => projector({ projection: { ...balances, version: 0 }, events }), /counted from 1/);
  });
});
