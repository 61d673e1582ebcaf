import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { type Database, database } from "../database/database.ts";
import { migrate } from "../database/migrate.ts";
import { postgresBroker } from "../messages/postgres/postgres-broker.ts";
import { messagesSchema } from "../messages/postgres/schema.ts";
import { aggregates } from "./events/aggregates.ts";
import { eventsSchema } from "./events/schema.ts";
import { account, payIn } from "./events/testing/account.ts";
import { drain } from "./outbox/drain.ts";
import { logRelay } from "./outbox/log-relay.ts";
import { notifyRelay } from "./outbox/notify-relay.ts";
import { outbox } from "./outbox/outbox.ts";
import { pollingRelay } from "./outbox/polling-relay.ts";
import { outboxSchema } from "./outbox/schema.ts";
import { projector } from "./projections/projector.ts";
import { projectionSchema } from "./projections/schema.ts";

/** Whoever held a connection of a pool and asked it for another one would wait for ever here. */
describe("a pool of one connection is enough", { skip: lacksPostgres(), timeout: 60_000 }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 1 });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [outboxSchema, messagesSchema, eventsSchema, projectionSchema]);
    return view;
  }

  const box = outbox({ source: "/test" });
  const say = (view: Database, data: number) =>
    view.transaction((transaction) => box.add(transaction, { topic: "orders", type: "counted", data }));

  for (const relay of [pollingRelay, notifyRelay, logRelay])
    test(`for a ${relay.name} and a broker that asks the same pool`, async (t) => {
      const view = await openView(t);
      const broker = postgresBroker({ database: view });
      const heard = Promise.withResolvers<unknown>();
      const subscription = await broker.subscribe({
        topic: "orders",
        subscriber: "test",
        async handle({ message: { event } }) {
          heard.resolve(event.data);
        },
      });
      const stop = new AbortController();
      const running = [1, 2].map(() => relay({ database: view, broker }).run(stop.signal));
      await say(view, 7);
      assert.equal(await heard.promise, 7);
      stop.abort();
      await Promise.all(running);
      await subscription.close();
    });

  test("for draining", async (t) => {
    const view = await openView(t);
    await say(view, 7);
    assert.equal(await drain(view, postgresBroker({ database: view })), 1);
  });

  test("for a projection beside its events", async (t) => {
    const view = await openView(t);
    const accounts = aggregates({ definition: account });
    await accounts.handle(view, "ann", payIn(1));
    const projection = {
      name: "balances",
      version: 1,
      create: (table: string) => `create table ${table} (id text)`,
      on: {},
    };
    assert.equal(await projector({ projection, events: view }).catchUp(), 1);
  });
});
