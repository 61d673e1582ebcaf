import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Client, Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { VirtualClock } from "../../testing/mod.ts";
import { aggregates } from "../events/aggregates.ts";
import { asleep, eventsChannel, eventsSchema } from "../events/schema.ts";
import { account, payIn } from "../events/testing/account.ts";
import { limits } from "../limits.ts";
import { projector } from "./projector.ts";
import { projectionSchema } from "./schema.ts";
import { Sleep } from "./sleep.ts";

describe("a projector's sleep", { skip: lacksPostgres(), timeout: 60_000 }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<{ readonly view: Database; readonly url: string }> {
    const url = await postgres.createDatabase();
    const pool = new Pool({ connectionString: url, max: 10 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [eventsSchema, projectionSchema]);
    return { view, url };
  }

  test("is ended by an append that sees it; to those who are awake, or not there, nothing is said", async (t) => {
    const { view, url } = await openView(t);
    const listener = new Client({ connectionString: url });
    await listener.connect();
    t.after(() => listener.end());
    const heard: (string | undefined)[] = [];
    let marked = Promise.withResolvers<void>();
    listener.on("notification", ({ payload }) => {
      if (payload === "") heard.push("append");
      else marked.resolve();
    });
    await listener.query(`listen ${eventsChannel}`);
    const accounts = aggregates({ definition: account });
    const append = async () => {
      await accounts.handle(view, "ann", payIn(1));
      marked = Promise.withResolvers();
      // What was said before it is heard before it.
      await view.query(`notify ${eventsChannel}, 'mark'`);
      await marked.promise;
      return heard.splice(0);
    };
    assert.deepEqual(await append(), [], "nobody is there");
    const sleepers = [await view.session(), await view.session()];
    const [first, second] = sleepers.map((session) => new Sleep(session)) as [Sleep, Sleep];
    const nothing = { read: 0, more: false };
    const something = { read: 1, more: false };
    assert.equal(await first.mayBegin(nothing), false, "it has to look once more");
    assert.equal(await first.mayBegin(nothing), true);
    assert.equal(await second.mayBegin(nothing), false);
    assert.deepEqual(await append(), ["append"]);
    await first.mayBegin(something);
    await first.mayBegin(something);
    assert.deepEqual(await append(), ["append"], "the other one sleeps");
    await second.mayBegin(something);
    await second.mayBegin(something);
    assert.deepEqual(await append(), [], "both are awake");
    for (const session of sleepers) await session.close();
    const held = await view.query("select from pg_locks where locktype = 'advisory'");
    assert.equal(held.rows.length, 0, `${asleep} is held by nobody`);
  });

  test("is never so deep that an append is missed", async (t) => {
    const { view } = await openView(t);
    const clock = new VirtualClock();
    let seen = 0;
    const projection = {
      name: "seen",
      version: 1,
      create: (table: string) => `create table ${table} ()`,
      on: {
        "money.paid-in": async () => {
          seen += 1;
        },
      },
    };
    const stop = new AbortController();
    const running = [1, 2].map(() => projector({ projection, events: view, clock }).run(stop.signal));
    const accounts = aggregates({ definition: account, clock });
    let appended = 0;
    for (let round = 0; round < 60; round += 1) {
      const fromMs = clock.monotonicMs();
      const writers = 1 + (round % 4);
      const writing = Array.from({ length: writers }, (_, at) => accounts.handle(view, `${at}`, payIn(1)));
      appended += writers;
      await Promise.all(writing);
      while (seen < appended) {
        await view.query("select");
        await clock.advance(5);
      }
      const tookMs = clock.monotonicMs() - fromMs;
      assert.ok(
        tookMs < limits.safetyLookMs / 2,
        `round ${round} took ${tookMs} ms: it slept until its safety look`,
      );
    }
    assert.equal(seen, appended);
    stop.abort();
    await Promise.all(running);
  });
});
