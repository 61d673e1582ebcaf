import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { problem, reducedCapacity } from "../http/problem.ts";
import { Budget } from "./budget.ts";
import { Refusal } from "./failures.ts";
import { retry } from "./retry.ts";
import { aCall, failing, outcomeOf, trouble, world } from "./testing/world.ts";

test("a call that fails is tried again, after waits that double at most and are drawn from zero on", async () => {
  const { clock, observe, events } = world();
  const policy = retry({ attempts: 4, delayMs: 100, longestDelayMs: 150, clock, observe, random: chance(1) });
  const { asked, next } = failing(3);
  const outcome = outcomeOf(policy(aCall(), next));
  const attemptsAt = [0];
  for (let passed = 1; passed <= 500; passed += 1) {
    await clock.advance(1);
    if (asked.length > attemptsAt.length) attemptsAt.push(passed);
  }
  assert.deepEqual(attemptsAt, [0, 100, 250, 400]);
  assert.deepEqual(
    asked.map(({ attempt }) => attempt),
    [1, 2, 3, 4],
  );
  assert.equal(outcome.now, "answer");
  assert.deepEqual(events, ["retried", "retried", "retried"]);

  const quick = retry({ random: chance(0) });
  assert.equal(await quick(aCall(), failing(2).next), "answer", "the shortest wait is none");
});

test("after the last attempt its failure is told, and nothing that trying again cannot mend is tried again", async () => {
  const policy = retry({ attempts: 2, delayMs: 0 });
  const down = failing(9);
  await assert.rejects(policy(aCall(), down.next), trouble);
  assert.equal(down.asked.length, 2);
  for (const error of [problem(404, "no"), problem(409, "no"), problem(500, "no")]) {
    const refused = failing(9, error);
    await assert.rejects(policy(aCall(), refused.next), error);
    assert.equal(refused.asked.length, 1);
  }
});

test("what must not be done twice is asked for again only when it was surely not begun", async () => {
  const connection = (code: string) =>
    problem(503, "could not be reached", {
      cause: new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }),
    });
  const cases: [error: Error, attempts: number][] = [
    [connection("ECONNREFUSED"), 2],
    [problem(503, "too much to do", { type: reducedCapacity }), 2],
    [problem(429, "too often"), 2],
    [connection("ECONNRESET"), 1],
    [problem(503, "in trouble"), 1],
    [problem(504, "late"), 1],
    [new Refusal("bulkhead", 503, "full"), 1],
    [new Refusal("breaker", 503, "open"), 1],
  ];
  for (const [error, attempts] of cases) {
    const { asked, next } = failing(9, error);
    await assert.rejects(retry({ attempts: 2, delayMs: 0 })(aCall({ idempotent: false }), next), error);
    assert.equal(asked.length, attempts, error.message);
  }
  const elsewhere = failing(1, new Refusal("breaker", 503, "open"));
  const asked = new Set(["http://a"]);
  assert.equal(await retry({ delayMs: 0 })(aCall({ asked }), elsewhere.next), "answer");
});

test("it waits as long as it is told to, but never past the deadline: then it fails at once", async () => {
  const { clock } = world();
  const busy = problem(503, "later", { headers: { "retry-after": "3" } });
  const policy = retry({ clock, random: chance(0) });
  const patient = outcomeOf(policy(aCall({ deadlineMs: 5_000 }), failing(1, busy).next));
  await clock.advance(2_999);
  assert.equal(patient.now, "waiting");
  await clock.advance(1);
  assert.equal(patient.now, "answer");
  await assert.rejects(
    policy(aCall({ deadlineMs: clock.monotonicMs() + 3_000 }), failing(1, busy).next),
    busy,
  );

  const until = new Date(clock.now() + 7_000).toUTCString();
  const dated = problem(429, "later", { headers: { "retry-after": until } });
  const dateOutcome = outcomeOf(policy(aCall(), failing(1, dated).next));
  await clock.advance(5_900);
  assert.equal(dateOutcome.now, "waiting");
  await clock.advance(1_100);
  assert.equal(dateOutcome.now, "answer");
});

test("who goes while it waits is not waited for", async () => {
  const { clock, random } = world();
  const caller = new AbortController();
  const call = aCall({ signal: caller.signal });
  const outcome = outcomeOf(
    retry({ delayMs: 1e6, longestDelayMs: 1e6, clock, random })(call, failing(1).next),
  );
  await clock.advance(0);
  caller.abort(new Error("I have changed my mind"));
  await clock.advance(0);
  assert.deepEqual(outcome.now, { failed: "I have changed my mind" });
  assert.equal(clock.pending, 0);
});

test("when everything fails, retries are a tenth of the calls, not a multiple", async () => {
  const { observe, events } = world();
  const policy = retry({ delayMs: 0, budget: { ratio: 0.1, size: 10 }, observe });
  const { asked, next } = failing(Number.POSITIVE_INFINITY);
  for (let call = 0; call < 1_000; call += 1) await policy(aCall(), next).catch(() => {});
  assert.ok(asked.length <= 1_000 + 10 + 100, `${asked.length} attempts`);
  assert.ok(events.includes("retry budget spent"));
});

test("whatever the order of earning and spending, a budget gives no more than was there and was earned", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), fc.integer({ min: 0, max: 5 }), (steps, size) => {
      const budget = new Budget({ ratio: 0.5, size });
      let [earned, spent] = [0, 0];
      for (const spends of steps) {
        if (!spends) {
          budget.earn();
          earned += 1;
        } else if (budget.spend()) spent += 1;
        assert.ok(spent <= size + 0.5 * earned);
      }
    }),
  );
});

function chance(value: number) {
  return { ...world().random, float: () => value };
}
