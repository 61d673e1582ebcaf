import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { silentLogger } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { type Database, database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { memoryBroker } from "../../messages/memory-broker.ts";
import { composer } from "../../messages/message.ts";
import { Registry } from "../../telemetry/registry.ts";
import { inboxSchema } from "../inbox/schema.ts";
import { outbox } from "../outbox/outbox.ts";
import { outboxSchema } from "../outbox/schema.ts";
import type { SagaDefinition } from "./definition.ts";
import { orchestrator } from "./orchestrator.ts";
import { sagaSchema } from "./schema.ts";
import { orderSaga } from "./testing/order-saga.ts";

describe("sagas in which something fails", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  async function openView(t: TestContext): Promise<Database> {
    const pool = new Pool({ connectionString: await postgres.createDatabase() });
    t.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [outboxSchema, inboxSchema, sagaSchema]);
    return view;
  }

  test("put aside at once what cannot be, count it, and go on with what comes next", async (t) => {
    const view = await openView(t);
    // Time stands still: nothing waits for a second attempt.
    const clock = new VirtualClock();
    const broker = memoryBroker({ clock });
    const metrics = new Registry();
    const orders = orchestrator({
      definition: orderSaga,
      ...{ database: view, clock, metrics },
      outbox: outbox({ source: "/orders", clock }),
    });
    const listening = await orders.listen(broker, "answers");
    t.after(() => listening.close());
    await orders.start(view, { id: "1", content: { customer: "rich", cents: 1 } });
    const compose = composer({ source: "/test", clock });
    const answer = (type: string, subject?: string) =>
      compose({ topic: "answers", type, key: "1", data: {}, ...(subject ? { subject } : {}) });
    await broker.publish([
      answer("payment.made", "1"),
      answer("stock.reserved"),
      answer("stock.reserved", "1"),
    ]);
    await broker.idle();
    assert.equal((await orders.find(view, "1"))?.state, "paying");
    const letters = await broker.deadLetters({ topic: "answers", subscriber: "saga order" }).list();
    assert.deepEqual(
      letters.map(({ attempts, error }) => [attempts, error.replace(/reserved .* has/, "reserved has")]),
      [
        [1, "saga order 1 is reserving, where payment.made cannot come: its sender is mistaken"],
        [1, "stock.reserved has no subject: it must name the saga it answers"],
      ],
    );
    assert.deepEqual(countOf(metrics, "messages_put_aside_total"), [2]);
    assert.deepEqual(countOf(metrics, "messages_failed_total"), [2]);
  });

  test("have as much patience with other failures as one says", async (t) => {
    const view = await openView(t);
    const clock = new VirtualClock();
    const broker = memoryBroker({ clock });
    const said: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => said.push(message) };
    const sender = outbox({ source: "/orders", clock });
    const orders = orchestrator({ definition: orderSaga, database: view, outbox: sender, clock, log });
    const patience = { attempts: 2, retryDelayMs: () => 1_000 };
    const listening = await orders.listen(broker, "answers", patience);
    t.after(() => listening.close());
    const letters = broker.deadLetters({ topic: "answers", subscriber: "saga order" });
    await broker.publish([
      composer({ source: "/test", clock })({
        topic: "answers",
        type: "payment.made",
        subject: "none",
        data: {},
      }),
    ]);
    await broker.idle();
    assert.deepEqual(await letters.list(), []);
    assert.match(said[0] ?? "", /payment.made could not be handled: .*"none" not found/);
    await clock.advance(1_000);
    await broker.idle();
    assert.equal((await letters.list()).length, 1);
  });

  test("whose timeout fails are put off, ever longer, and hold up no others", async (t) => {
    const view = await openView(t);
    const clock = new VirtualClock();
    const said: string[] = [];
    const log = { ...silentLogger, error: (message: string) => said.push(message) };
    const errand: SagaDefinition<"asking" | "done", object, { broken: string }> = {
      name: "errand",
      initial: "asking",
      states: {
        asking: { on: {}, timeout: { afterMs: 1_000, to: "done" } },
        done: {
          final: "completed",
          send({ broken }) {
            if (broken === "code") throw new Error("nobody thought of this");
            // PostgreSQL takes no zeros in a text: a statement fails, not only our code.
            return [{ topic: broken === "statement" ? "a\u0000" : "people", type: "tell", data: {} }];
          },
        },
      },
    };
    const sender = outbox({ source: "/test", clock });
    const metrics = new Registry();
    const errands = orchestrator({ definition: errand, database: view, outbox: sender, clock, log, metrics });
    for (const [id, broken] of [
      ["1", "code"],
      ["2", "statement"],
      ["3", ""],
    ] as const)
      await errands.start(view, { id, content: { broken } });
    await clock.advance(1_000);

    assert.equal(await errands.timeOut(), 1);
    assert.equal((await errands.find(view, "3"))?.state, "done");
    assert.equal((await errands.find(view, "1"))?.state, "asking");
    assert.equal(said.length, 2);
    assert.match(
      said[0] ?? "",
      /saga errand 1 failed, and is tried again in 1000 ms: nobody thought of this/,
    );

    await clock.advance(1_000);
    assert.equal(await errands.timeOut(), 0);
    assert.match(said[3] ?? "", /saga errand 2 failed, and is tried again in 10000 ms/);
    await clock.advance(9_999);
    await errands.timeOut();
    assert.equal(said.length, 4, "it was not tried before its time");
    assert.deepEqual(countOf(metrics, "saga_timeouts_failed_total"), [4]);

    const mended = { ...errand, states: { ...errand.states, done: { final: "completed" as const } } };
    await clock.advance(1);
    assert.equal(
      await orchestrator({ definition: mended, database: view, outbox: sender, clock }).timeOut(),
      2,
    );
  });
});

function countOf(metrics: Registry, name: string) {
  return metrics
    .collect()
    .find((family) => family.name === name)
    ?.series.map((series) => "value" in series && series.value);
}
