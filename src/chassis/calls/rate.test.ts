import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rate } from "./rate.ts";
import { rateLimit } from "./rate-limit.ts";
import { aCall, outcomeOf, world } from "./testing/world.ts";

test("in no stretch of time happens more than a burst and what the rate allows, and all that is allowed happens", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), (steps, burst) => {
      const rate = new Rate({ count: 1, perMs: 10, burst });
      const taken: number[] = [];
      let nowMs = 0;
      for (const gap of steps) {
        nowMs += gap;
        if (rate.take(nowMs).taken) taken.push(nowMs);
        else
          assert.ok(taken.filter((at) => at > nowMs - burst * 10).length > 0, "a rested rate refuses nobody");
      }
      for (const [at, from] of taken.entries())
        for (const [length, to] of taken.slice(at).entries())
          assert.ok(length + 1 <= burst + (to - from) / 10, `${length + 1} from ${from} to ${to}`);
    }),
  );
});

test("a refusal says when it would be due, and takes nothing", () => {
  const rate = new Rate({ count: 2, perMs: 1_000 });
  assert.deepEqual([rate.take(0), rate.take(0)], Array(2).fill({ taken: true, waitMs: 0 }));
  assert.deepEqual([rate.take(100), rate.take(100)], Array(2).fill({ taken: false, waitMs: 400 }));
  assert.deepEqual(rate.take(100, 400), { taken: true, waitMs: 400 });
  assert.deepEqual(rate.take(100), { taken: false, waitMs: 900 });
});

test("calls wait for their turn, and are refused when it comes too late for them", async () => {
  const { clock, observe, events } = world();
  const policy = rateLimit({ count: 10, perMs: 1_000, burst: 1, longestWaitMs: 250, clock, observe });
  const begun: number[] = [];
  const ask = (deadlineMs = Number.POSITIVE_INFINITY) =>
    outcomeOf(policy(aCall({ deadlineMs }), async () => begun.push(clock.monotonicMs())));
  ask();
  const hurried = ask(50);
  ask();
  ask();
  const last = ask();
  await clock.advance(500);
  assert.deepEqual(begun, [0, 100, 200]);
  const failed = "GET http://orders/orders is not asked now: it was asked too often";
  assert.deepEqual([hurried.now, last.now], [{ failed }, { failed }]);
  assert.deepEqual(events, ["refused by rate", "refused by rate"]);
});
