import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { isConflict } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { everyCrashPoint } from "../../testing/mod.ts";
import { outbox } from "../outbox/outbox.ts";
import { outboxSchema } from "../outbox/schema.ts";
import { aggregates } from "./aggregates.ts";
import { readLog } from "./log.ts";
import { eventsSchema } from "./schema.ts";
import { type Account, type AccountEvents, account, payIn, takeOut } from "./testing/account.ts";

describe("aggregates", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [eventsSchema, outboxSchema]);
    return view;
  }

  const eventsIn = (view: Database) =>
    view.query("select version from chassis.events order by position").then(({ rows }) => rows.length);

  test("are decided anew when others were quicker: no money is taken that is not there", async (t) => {
    const view = await openView(t);
    const accounts = aggregates({ definition: account });
    await accounts.handle(view, "ann", payIn(3));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => accounts.handle(view, "ann", takeOut(1))),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    assert.deepEqual(await accounts.load(view, "ann"), { state: { cents: 0 }, version: 4 });
  });

  test("refuse what was decided on another version than is there, and keep nothing of it", async (t) => {
    const view = await openView(t);
    const accounts = aggregates({ definition: account });
    await accounts.handle(view, "ann", payIn(1), { expectedVersion: 0 });
    const late = accounts.handle(view, "ann", payIn(1), { expectedVersion: 0 });
    await assert.rejects(late, isConflict);
    const both = Promise.withResolvers<void>();
    let loaded = 0;
    const race = [1, 2].map(() =>
      view.transaction(async (transaction) => {
        await accounts.load(transaction, "ann");
        loaded += 1;
        if (loaded === 2) both.resolve();
        await both.promise;
        return accounts.change(transaction, "ann", payIn(1), { expectedVersion: 1 });
      }),
    );
    const outcomes = await Promise.allSettled(race);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.equal(refused.length, 1);
    assert.ok(isConflict(refused[0]?.reason), String(refused[0]?.reason));
    assert.equal(await eventsIn(view), 2);
  });

  test("are the same from a snapshot as from all their events; one of another shape is not read", async (t) => {
    const view = await openView(t);
    const kept = (shape: number) => aggregates({ definition: { ...account, snapshot: { every: 3, shape } } });
    for (let count = 1; count <= 7; count += 1) await kept(1).handle(view, "ann", payIn(count));
    const { rows } = await view.query("select version, shape from chassis.snapshots");
    assert.deepEqual(rows, [{ version: 6, shape: 1 }]);
    const all = await aggregates({ definition: account }).load(view, "ann");
    assert.deepEqual(await kept(1).load(view, "ann"), all);
    await view.query("update chassis.snapshots set state = '{\"cents\":-1}'");
    assert.deepEqual(await kept(1).load(view, "ann"), { state: { cents: 6 }, version: 7 }, "it is read");
    assert.deepEqual(await kept(2).load(view, "ann"), all);
  });

  test("tell others what has happened, once, wherever the process dies", async (t) => {
    const view = await openView(t);
    await everyCrashPoint({
      open: async () => void (await view.query("truncate chassis.events, chassis.outbox")),
      async run(_world, life) {
        const accounts = aggregates<Account, AccountEvents>({
          definition: {
            ...account,
            announce: ({ type, data }) => ({ topic: "accounts", type, data }),
          },
          outbox: outbox({ source: "/accounts" }),
        });
        const mine = life.database(view);
        for (const version of [0, 1, 2])
          await accounts.handle(mine, "ann", (_state, at) =>
            at === version ? [{ type: "money.paid-in", data: { cents: version } }] : [],
          );
      },
      async state() {
        const { state } = await aggregates({ definition: account }).load(view, "ann");
        const { rows } = await view.query(
          "select event::json ->> 'id' as id, event::json -> 'data' as data from chassis.outbox order by position",
        );
        return { state, told: rows };
      },
    });
  });

  test("stand in one log that is read without gaps while others write, and a slow one holds nobody else up", async (t) => {
    const view = await openView(t);
    const accounts = aggregates({ definition: account });
    const read: string[] = [];
    let position = "0";
    const readOn = async () => {
      const page = await readLog(view, position);
      position = page.position;
      read.push(...page.events.map(({ position }) => position));
      return page;
    };
    const drawn = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const slow = view.transaction(async (transaction) => {
      await accounts.change(transaction, "slow", payIn(1));
      drawn.resolve();
      await commit.promise;
    });
    await drawn.promise;
    await accounts.handle(view, "quick", payIn(1));
    assert.deepEqual((await readOn()).events, [], "what was drawn earlier may still come");
    commit.resolve();
    await slow;
    assert.deepEqual(
      (await readOn()).events.map(({ id }) => id),
      ["slow", "quick"],
    );

    let writing = true;
    const writers = Promise.all(
      ["a", "b", "c", "d"].map(async (id) => {
        for (let turn = 0; turn < 40; turn += 1) await accounts.handle(view, id, payIn(1));
      }),
    ).then(() => {
      writing = false;
    });
    while (writing) await readOn();
    await writers;
    while ((await readOn()).more);
    const { rows } = await view.query("select position from chassis.events order by position");
    assert.deepEqual(
      read,
      (rows as { position: string }[]).map((row) => row.position),
    );
  });
});
