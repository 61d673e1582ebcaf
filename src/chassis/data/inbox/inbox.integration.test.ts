import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { Pool } from "pg";
import { seededRandom } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { type Database, database, type Transaction } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { memoryBroker } from "../../messages/memory-broker.ts";
import { composer, type Message } from "../../messages/message.ts";
import { postgresBroker } from "../../messages/postgres/postgres-broker.ts";
import { messagesSchema } from "../../messages/postgres/schema.ts";
import { consume } from "./consume.ts";
import { inbox } from "./inbox.ts";
import { inboxSchema } from "./schema.ts";

describe("an inbox", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  /** Accounts to pay money into: an effect that shows when it happens twice. */
  async function openAccounts() {
    const pool = new Pool({ connectionString: await postgres.createDatabase() });
    const view = database(pool);
    await migrate(view, [inboxSchema, messagesSchema]);
    await view.query("create table accounts (name text primary key, cents int not null)");
    return {
      view,
      close: () => pool.end(),
      balances: async () => {
        const { rows } = await view.query("select name, cents from accounts order by name");
        return Object.fromEntries(
          (rows as { name: string; cents: number }[]).map((row) => [row.name, row.cents]),
        );
      },
    };
  }

  const compose = composer({ source: "/payments", random: seededRandom(3) });
  const payment = (account: string, cents: number): Message =>
    compose({ topic: "payments", type: "payment.made", key: account, data: cents });

  async function pay(transaction: Transaction, { event }: Message): Promise<void> {
    await transaction.query(
      "insert into accounts values ($1, $2) on conflict (name) do update set cents = accounts.cents + excluded.cents",
      [event.partitionkey, event.data],
    );
  }

  /** Delivers as a broker may: duplicated, reordered, several at once, some ending before or after their commit. */
  async function deliverBadly(
    view: Database,
    deliveries: readonly { readonly message: Message; readonly fate: Fate }[],
    handle: (transaction: Transaction, message: Message) => Promise<unknown>,
  ): Promise<void> {
    await Promise.all(
      deliveries.map(async ({ message, fate }) => {
        const run = view.transaction(async (transaction) => {
          await handle(transaction, message);
          if (fate === "dies before its commit") throw new Error(fate);
        });
        await run.catch(() => {});
      }),
    );
    // Until they are acknowledged, a broker delivers messages again.
    for (const { message } of deliveries)
      await view.transaction((transaction) => handle(transaction, message));
  }

  type Fate = "is acknowledged" | "dies before its commit";

  test("has every message take effect once, whatever is delivered how often, in which order, and dies when", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    const memory = inbox({ consumer: "accounts" });
    const delivery = fc.record({
      payment: fc.integer({ min: 0, max: 4 }),
      fate: fc.constantFrom<Fate>("is acknowledged", "dies before its commit"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 12 }), async (chosen) => {
        await accounts.view.query("delete from accounts");
        const payments = [1, 2, 4, 8, 16].map((cents) => payment("alice", cents));
        const deliveries = chosen.map((one) => ({
          message: payments[one.payment] as Message,
          fate: one.fate,
        }));
        await deliverBadly(accounts.view, deliveries, (transaction, message) =>
          memory.once(transaction, message, () => pay(transaction, message)),
        );
        const due = [...new Set(chosen.map((one) => one.payment))].reduce((sum, at) => sum + 2 ** at, 0);
        assert.deepEqual(await accounts.balances(), { alice: due });
      }),
      { numRuns: 30, seed: 11 },
    );
  });

  test("is what makes the difference: without it money is counted twice", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    await deliverBadly(accounts.view, [{ message: payment("alice", 5), fate: "is acknowledged" }], pay);
    assert.deepEqual(await accounts.balances(), { alice: 10 });
  });

  test("keeps accounts right while a stream of messages is consumed by two copies and the server is killed", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    const broker = postgresBroker({ database: accounts.view });
    let paid = 0;
    let heard = () => {};
    const copies = await Promise.all(
      [1, 2].map(() =>
        consume({
          database: accounts.view,
          broker,
          topic: "payments",
          consumer: "accounts",
          retryDelayMs: () => 10,
          effect: async (transaction, message) => {
            await pay(transaction, message);
            paid += 1;
            heard();
          },
        }),
      ),
    );
    const names = ["alice", "bob", "carol"];
    const publishing = (async () => {
      for (let turn = 0; turn < 40; turn += 1) {
        const batch = names.map((name) => payment(name, 1));
        // Published until the broker says so, and so sometimes twice.
        const publish = (): Promise<void> =>
          broker.publish(batch).catch(() => postgres.ready().then(publish));
        await publish();
      }
    })();
    for (const fault of [
      () => postgres.terminateBackends(),
      () => postgres.kill().then(() => postgres.start()),
    ]) {
      const enough = Math.min(120, paid + 15);
      while (paid < enough)
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      await fault();
    }
    await publishing;
    const all = { alice: 40, bob: 40, carol: 40 };
    while (JSON.stringify(await accounts.balances().catch(() => undefined)) !== JSON.stringify(all))
      await accounts.view.query("select pg_sleep(0.01)").catch(() => postgres.ready());
    await Promise.all(copies.map((copy) => copy.close()));
    assert.deepEqual(await accounts.balances(), all);
  });

  test("a message that can never be handled is put aside after its attempts, those behind it go on; redriven, it takes effect once", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    const clock = new VirtualClock();
    const broker = memoryBroker({ clock });
    let repaired = false;
    let attempts = 0;
    const subscription = await consume({
      database: accounts.view,
      broker,
      clock,
      topic: "payments",
      consumer: "accounts",
      attempts: 3,
      effect: async (transaction, message) => {
        await pay(transaction, message);
        if (message.event.data !== 13 || repaired) return;
        attempts += 1;
        throw new Error("thirteen is bad luck");
      },
    });
    await broker.publish([payment("alice", 1), payment("alice", 13), payment("alice", 2)]);
    await broker.idle();
    assert.deepEqual(
      await accounts.balances(),
      { alice: 1 },
      "what is behind it waits, for the order's sake",
    );
    for (let retry = 0; retry < 2; retry += 1) {
      await clock.advance(500);
      await broker.idle();
    }
    assert.equal(attempts, 3);
    assert.deepEqual(await accounts.balances(), { alice: 3 });
    const letters = broker.deadLetters({ topic: "payments", subscriber: "accounts" });
    const [letter, ...more] = await letters.list();
    assert.deepEqual(more, []);
    assert.equal(letter?.message.event.data, 13);
    assert.equal(letter?.error, "thirteen is bad luck");

    repaired = true;
    assert.equal(await letters.redrive("all"), 1);
    await broker.idle();
    assert.deepEqual(await accounts.balances(), { alice: 16 });
    assert.deepEqual(await letters.list(), []);
    await subscription.close();
  });

  test("puts nothing aside while the database is away, however often it fails", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    const clock = new VirtualClock();
    const broker = memoryBroker({ clock });
    let away = true;
    const unlessAway = <Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) => {
      return async (...args: Args) => {
        if (away) throw new Error("the database is away");
        return ask(...args);
      };
    };
    const subscription = await consume({
      database: {
        ...accounts.view,
        query: unlessAway(accounts.view.query),
        transaction: unlessAway(accounts.view.transaction) as Database["transaction"],
      },
      broker,
      topic: "payments",
      consumer: "accounts",
      attempts: 2,
      retryDelayMs: () => 100,
      effect: pay,
    });
    await broker.publish([payment("alice", 5)]);
    for (let retry = 0; retry < 5; retry += 1) {
      await broker.idle();
      await clock.advance(100);
    }
    assert.deepEqual(await broker.deadLetters({ topic: "payments", subscriber: "accounts" }).list(), []);
    away = false;
    await clock.advance(100);
    await broker.idle();
    assert.deepEqual(await accounts.balances(), { alice: 5 });
    await subscription.close();
  });

  test("forgets what is older than any second delivery", async (t) => {
    const accounts = await openAccounts();
    t.after(() => accounts.close());
    const clock = new VirtualClock();
    const memory = inbox({ consumer: "accounts", clock, retentionMs: 1_000 });
    const message = payment("alice", 1);
    const once = () =>
      accounts.view.transaction((transaction) => memory.once(transaction, message, async () => "paid"));
    assert.deepEqual(await once(), { applied: true, result: "paid" });
    assert.deepEqual(await once(), { applied: false });
    assert.equal(await memory.forget(accounts.view), 0);
    await clock.advance(1_001);
    assert.equal(await memory.forget(accounts.view), 1);
  });
});
