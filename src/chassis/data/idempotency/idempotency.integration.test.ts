import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres, VirtualClock } from "#testing";
import { type Database, database, type Transaction } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { answer } from "../../http/answer.ts";
import { client } from "../../http/client.ts";
import { problem } from "../../http/problem.ts";
import { post } from "../../http/route.ts";
import { t } from "../../http/schema.ts";
import { startService } from "../../service/testing/test-service.ts";
import { everyCrashPoint } from "../../testing/every-crash-point.ts";
import { type Idempotency, idempotency, type KeyedRequest } from "./idempotency.ts";
import { idempotencySchema } from "./schema.ts";

const api = {
  pay: post("/payments", {
    headers: t.object({ "idempotency-key": t.optional(t.string()) }),
    body: t.object({ account: t.string(), cents: t.integer() }),
    answers: { 201: t.object({ balance: t.integer() }), 402: t.object({ missing: t.integer() }) },
  }),
};

describe("a request with an idempotency key", { skip: lacksPostgres() }, () => {
  let postgres: RealPostgres;
  before(async () => {
    postgres = await realPostgres();
  });
  after(() => postgres.stop());

  /** Accounts: an effect that shows when it happens twice. */
  async function openAccounts(max = 10) {
    const pool = new Pool({ connectionString: await postgres.createDatabase(), max });
    const view = database(pool);
    await migrate(view, [idempotencySchema]);
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

  async function pay(
    transaction: Transaction,
    { account, cents }: { account: string; cents: number },
  ): Promise<number> {
    const { rows } = await transaction.query(
      "insert into accounts values ($1, $2) on conflict (name) do update set cents = accounts.cents + excluded.cents returning cents",
      [account, cents],
    );
    return (rows as { cents: number }[])[0]?.cents as number;
  }

  /** A copy of the service on these accounts. What it is told to hold waits for `release`. */
  async function startCopy(context: TestContext, view: Database) {
    const keys = idempotency({ database: view, scope: "payments" });
    const gate = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const effects: string[] = [];
    const { url } = await startService(context, {
      routes: api,
      handlers: () => ({
        pay: (request) =>
          keys.once(request, async (transaction) => {
            const { body } = request;
            effects.push(body.account);
            const balance = await pay(transaction, body);
            if (body.account === "held") {
              held.resolve();
              await gate.promise;
            }
            if (body.account === "closed") throw problem(409, "the account is closed");
            if (body.cents > 1_000) return answer(402, { missing: body.cents - 1_000 });
            return answer(201, { balance }, { location: `/payments/${body.account}` });
          }),
      }),
    });
    const ask = async (key: string | undefined, body: object, signal?: AbortSignal) => {
      const answered = await fetch(`${url}/payments`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(signal ? { signal } : {}),
      });
      return {
        status: answered.status,
        location: answered.headers.get("location"),
        body: await answered.json(),
      };
    };
    return { url, ask, effects, held: held.promise, release: gate.resolve };
  }

  test("has one effect however often it comes, and the same answer: status, headers and body", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const { ask, effects } = await startCopy(context, accounts.view);
    const first = await ask("1", { account: "ann", cents: 5 });
    assert.deepEqual(first, { status: 201, location: "/payments/ann", body: { balance: 5 } });
    assert.deepEqual(
      await ask("1", { cents: 5, account: "ann" }),
      first,
      "fields in another order are the same request",
    );
    assert.equal((await ask("2", { account: "ann", cents: 5 })).status, 201);
    await ask(undefined, { account: "ann", cents: 5 });
    assert.deepEqual([effects.length, await accounts.balances()], [3, { ann: 15 }]);
  });

  test("is refused when its key was used for something else", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const { ask } = await startCopy(context, accounts.view);
    await ask("1", { account: "ann", cents: 5 });
    const other = await ask("1", { account: "ann", cents: 6 });
    assert.equal(other.status, 422);
    assert.match((other.body as { detail: string }).detail, /key 1 was used for another request/);
    assert.deepEqual(await accounts.balances(), { ann: 5 });
  });

  test("keeps a refusal that was answered, and nothing of one that was thrown", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const { ask, effects } = await startCopy(context, accounts.view);
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual((await ask("1", { account: "bob", cents: 1_007 })).body, { missing: 7 });
      assert.equal((await ask("2", { account: "closed", cents: 1 })).status, 409);
    }
    assert.deepEqual(effects, ["bob", "closed", "closed"]);
    assert.deepEqual(await accounts.balances(), { bob: 1_007 });
  });

  test("waits for one that is under way, in its own copy or in another, without taking all connections", async (context) => {
    const accounts = await openAccounts(2);
    context.after(() => accounts.close());
    const [one, two] = [await startCopy(context, accounts.view), await startCopy(context, accounts.view)];
    const body = { account: "held", cents: 5 };
    const first = one.ask("1", body);
    await one.held;
    const others = [one.ask("1", body), one.ask("1", body), one.ask("1", body), two.ask("1", body)];
    const looking = await accounts.view.session();
    context.after(() => looking.close());
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    while ((await looking.query(waiting)).rows.length === 0);
    one.release();
    const answers = await Promise.all([first, ...others]);
    assert.deepEqual(new Set(answers.map((each) => JSON.stringify(each))).size, 1);
    assert.deepEqual(
      [one.effects.length, two.effects.length, await accounts.balances()],
      [1, 0, { held: 5 }],
    );
  });

  test("waits no longer than it is waited for, and then says that the other is being answered", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const [one, two] = [await startCopy(context, accounts.view), await startCopy(context, accounts.view)];
    const body = { account: "held", cents: 5 };
    const first = one.ask("1", body);
    await one.held;
    const impatient = client(api, { baseUrl: two.url });
    await assert.rejects(
      impatient.pay({ headers: { "idempotency-key": "1" }, body }, { timeoutMs: 300 }),
      (error) => [409, 504].includes((error as { status: number }).status),
    );
    one.release();
    assert.equal((await first).status, 201);
    assert.equal((await two.ask("1", body)).status, 201);
    assert.deepEqual(await accounts.balances(), { held: 5 });
  });

  test("bounds the wait for its key alone: how long the effect waits for locks is its own affair", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const keys = idempotency({ database: accounts.view, scope: "payments" });
    const wait = await keys.once(aRequest("1"), async (transaction) => {
      const { rows } = await transaction.query("select current_setting('lock_timeout') as wait");
      return (rows as { wait: string }[])[0]?.wait;
    });
    assert.equal(wait, "0");
  });

  test("goes on for the others when the caller who was first goes", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const { ask, held, release, effects } = await startCopy(context, accounts.view);
    const body = { account: "held", cents: 5 };
    const caller = new AbortController();
    const first = ask("1", body, caller.signal);
    await held;
    const second = ask("1", body);
    caller.abort();
    await assert.rejects(first, { name: "AbortError" });
    release();
    assert.deepEqual((await second).body, { balance: 5 });
    assert.equal(effects.length, 1);
  });

  test("is known apart by who asks: nobody is shown another's answer", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const keys = idempotency({ database: accounts.view, scope: "payments" });
    for (const subject of ["ann", "bob", "ann"]) {
      const paid = await keys.once(aRequest("1", { subject }), (transaction) =>
        pay(transaction, { account: subject, cents: 1 }),
      );
      assert.equal(paid, 1);
    }
    assert.deepEqual(await accounts.balances(), { ann: 1, bob: 1 });
  });

  test("is forgotten when it is old, and not before", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const clock = new VirtualClock();
    const keys = idempotency({ database: accounts.view, scope: "payments", clock, retentionMs: 1_000 });
    const handle = paying(keys);
    await handle(aRequest("1"));
    await clock.advance(1_000);
    assert.equal(await keys.forget(accounts.view), 0);
    assert.equal(await handle(aRequest("1")), 5);
    await clock.advance(1);
    assert.equal(await keys.forget(accounts.view), 1);
    assert.equal(await handle(aRequest("1")), 10);
  });

  test("has one effect wherever a process dies, when its caller asks until it is answered", async () => {
    const points = await everyCrashPoint({
      open: () => openAccounts(),
      run: async ({ view }, life) => {
        const handle = paying(idempotency({ database: life.database(view), scope: "payments" }));
        for (const key of ["1", "2", "1"]) await handle(aRequest(key));
      },
      state: async ({ view, balances }) => {
        const { rows } = await view.query("select key, answer from chassis.idempotency_keys order by key");
        return { rows, balances: await balances() };
      },
      close: ({ close }) => close(),
    });
    assert.equal(points.length, 6);
  });

  test("has one effect and one answer whatever is sent how often to which copy, and whoever dies before the end", async (context) => {
    const accounts = await openAccounts();
    context.after(() => accounts.close());
    const copies = [1, 2].map(() => idempotency({ database: accounts.view, scope: "payments" }));
    const sending = fc.record({ key: fc.integer({ min: 0, max: 3 }), copy: fc.nat(1), dies: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(sending, { minLength: 1, maxLength: 12 }), async (sendings) => {
        await accounts.view.query("truncate accounts, chassis.idempotency_keys");
        const answers = new Map<number, Set<unknown>>();
        await Promise.all(
          sendings.map(async ({ key, copy, dies }) => {
            const handle = paying(copies[copy] as Idempotency, dies);
            const given = await handle(aRequest(String(key))).catch(() => undefined);
            if (given !== undefined) answers.set(key, (answers.get(key) ?? new Set()).add(given));
          }),
        );
        for (const { key } of sendings) {
          const given = await paying(copies[0] as Idempotency)(aRequest(String(key)));
          assert.deepEqual([...(answers.get(key) ?? [given])], [given]);
        }
        assert.deepEqual(await accounts.balances(), {
          ann: 5 * new Set(sendings.map(({ key }) => key)).size,
        });
      }),
      { numRuns: 30, seed: 5 },
    );
  });

  function paying(keys: Idempotency, dies = false): (request: KeyedRequest) => Promise<number> {
    return (request) =>
      keys.once(request, async (transaction) => {
        const balance = await pay(transaction, { account: "ann", cents: 5 });
        if (dies) throw new Error("it dies before its commit");
        return balance;
      });
  }
});

function aRequest(key: string, principal?: KeyedRequest["principal"]): KeyedRequest {
  return {
    params: {},
    query: undefined,
    headers: { "idempotency-key": key },
    body: undefined,
    principal,
    signal: new AbortController().signal,
    remainingMs: () => 10_000,
  };
}
