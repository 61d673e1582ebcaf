import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { problem } from "../http/problem.ts";
import { breaker } from "./breaker.ts";
import { policies } from "./policy.ts";
import { aCall, outcomeOf, trouble, world } from "./testing/world.ts";
import { timeout } from "./timeout.ts";

const fine = async () => "answer";
const down = async () => {
  throw trouble;
};
const refused = /is not asked for now: it failed too often/;

/** A breaker that has opened. It stays so for a second at most. */
async function opened() {
  const { clock, random, observe, events } = world();
  const policy = breaker({
    leastCalls: 4,
    failureShare: 0.5,
    windowMs: 10_000,
    openMs: 1_000,
    clock,
    random,
    observe,
  });
  for (let call = 0; call < 4; call += 1) await policy(aCall(), call < 2 ? fine : down).catch(() => {});
  assert.deepEqual(events, ["breaker opened"]);
  return { policy, clock, events };
}

test("when half of the calls fail further ones are refused at once, and say when to come again", async () => {
  const { policy, clock } = await opened();
  let asked = 0;
  const counted = async () => (asked += 1);
  await assert.rejects(policy(aCall(), counted), {
    status: 503,
    message: refused,
    headers: { "retry-after": "1" },
  });
  await clock.advance(400);
  await assert.rejects(policy(aCall(), counted), refused);
  assert.equal(asked, 0);
});

test("then one call at a time is let through, and when it goes well all are", async () => {
  const { policy, clock, events } = await opened();
  await clock.advance(1_000);
  const trying = Promise.withResolvers<string>();
  const tried = policy(aCall(), () => trying.promise);
  await assert.rejects(policy(aCall(), fine), refused);
  trying.resolve("answer");
  assert.equal(await tried, "answer");
  await Promise.all([1, 2, 3].map(() => policy(aCall(), fine)));
  assert.deepEqual(events, ["breaker opened", "refused by breaker", "breaker closed"]);
});

test("when it goes wrong the wait doubles, and a caller who goes leaves the try to the next", async () => {
  const { policy, clock } = await opened();
  await clock.advance(1_000);
  await assert.rejects(policy(aCall(), down), trouble);
  await clock.advance(999);
  await assert.rejects(policy(aCall(), fine), refused, "at least half of two seconds");
  await clock.advance(1_001);
  const caller = new AbortController();
  caller.abort(new Error("gone"));
  const signal = caller.signal;
  await assert.rejects(
    policy(aCall({ signal }), () => Promise.reject(signal.reason)),
    /gone/,
  );
  assert.equal(await policy(aCall(), fine), "answer");
});

test("refusals for cause and failures long past do not count; a place that is slow does", async () => {
  const { clock, random } = world();
  const make = () => breaker({ leastCalls: 2, windowMs: 1_000, clock, random });
  const patient = make();
  for (const status of [400, 404, 409, 429]) {
    const no = () => Promise.reject(problem(status, "no"));
    for (let call = 0; call < 5; call += 1) await assert.rejects(patient(aCall(), no), { status });
  }
  await assert.rejects(patient(aCall(), down), trouble);
  const forgetful = make();
  for (let call = 0; call < 5; call += 1) {
    await assert.rejects(forgetful(aCall(), down), trouble);
    await clock.advance(1_000);
  }
  const slow = policies(make(), timeout({ timeoutMs: 50, clock }));
  for (let call = 0; call < 2; call += 1) {
    const outcome = outcomeOf(slow(aCall(), () => new Promise<never>(() => {})));
    await clock.advance(50);
    assert.deepEqual(outcome.now, { failed: "GET http://orders/orders was not answered within 50 ms" });
  }
  await assert.rejects(slow(aCall(), fine), refused);
});

test("who gives less time than answers usually take learns nothing of a place: strangers do not shut it for others", async () => {
  const { clock, random } = world();
  const policy = policies(breaker({ leastCalls: 4, clock, random }), timeout({ timeoutMs: 5_000, clock }));
  const ask = async (patienceMs: number, durationMs: number) => {
    const deadlineMs = clock.monotonicMs() + patienceMs;
    const outcome = outcomeOf(policy(aCall({ deadlineMs }), () => clock.sleep(durationMs)));
    await clock.advance(Math.min(patienceMs, durationMs));
    return outcome.now;
  };
  for (let call = 0; call < 32; call += 1) assert.equal(await ask(1_000, 100), undefined);
  for (let call = 0; call < 100; call += 1)
    assert.match(JSON.stringify(await ask(90, 100)), /not answered within 90 ms/);
  assert.equal(await ask(1_000, 100), undefined);
  await clock.advance(20_000);
  for (let call = 0; call < 100; call += 1) await ask(90, 100);
  assert.equal(await ask(1_000, 100), undefined, "not even when they are alone for long");
  for (let call = 0; call < 40; call += 1) await ask(200, 9_000);
  assert.match(JSON.stringify(await ask(1_000, 100)), refused, "but who waits longer learns that it is slow");
});

test("a place that was slow and now hangs is shut even for callers who give less time than its answers took, and for them alone", async () => {
  const { clock, random } = world();
  const policy = policies(
    breaker({ leastCalls: 4, openMs: 1_000, clock, random }),
    timeout({ timeoutMs: 5_000, clock }),
  );
  let placeMs = 3_000;
  const ask = async (patienceMs: number) => {
    const deadlineMs = clock.monotonicMs() + patienceMs;
    const outcome = outcomeOf(policy(aCall({ deadlineMs }), () => clock.sleep(placeMs)));
    await clock.advance(Math.min(patienceMs, placeMs));
    return outcome.now;
  };
  for (let call = 0; call < 32; call += 1) assert.equal(await ask(4_000), undefined);
  placeMs = 60_000;
  // For ten seconds the answers of before are believed, then four calls are waited for.
  for (let call = 0; call < 8; call += 1)
    assert.match(JSON.stringify(await ask(2_000)), /not answered within 2000 ms/);
  assert.match(JSON.stringify(await ask(2_000)), /not asked for now: nobody is answered in so little time/);
  assert.match(JSON.stringify(await ask(4_000)), /not answered within 4000 ms/, "others see for themselves");
  placeMs = 100;
  assert.equal(await ask(2_000), undefined, "and it is tried again");
});

test("a try whose work never ends is over with its call, and another is made", async () => {
  const { policy, clock } = await opened();
  await clock.advance(1_000);
  const caller = new AbortController();
  const deaf = () => new Promise<never>(() => {});
  const tried = policy(aCall({ signal: caller.signal }), deaf);
  caller.abort(new Error("gone"));
  await assert.rejects(tried, /gone/);
  assert.equal(await policy(aCall(), fine), "answer");
});

test("places are known apart: one that is down does not keep others from being asked", async () => {
  const { clock, random } = world();
  const policy = breaker({ leastCalls: 2, clock, random });
  for (let call = 0; call < 2; call += 1)
    await assert.rejects(policy(aCall({ place: "http://a" }), down), trouble);
  await assert.rejects(policy(aCall({ place: "http://a" }), fine), refused);
  assert.equal(await policy(aCall({ place: "http://b" }), fine), "answer");
});

test("whatever happens, it asks again in the end, and never lets two try at once", async () => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 700 }),
    works: fc.boolean(),
    endsNow: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, random, events } = world();
      let trying = false;
      const policy = breaker({
        leastCalls: 2,
        windowMs: 1_000,
        openMs: 500,
        longestOpenMs: 2_000,
        clock,
        random,
        observe: (event) => {
          events.push(event);
          trying = event === "breaker opened" ? true : event === "breaker closed" ? false : trying;
        },
      });
      const ends: (() => void)[] = [];
      let atOnce = 0;
      for (const { passMs, works, endsNow } of steps) {
        await clock.advance(passMs);
        const wasTrying = trying;
        const call = policy(aCall(), async () => {
          if (wasTrying) atOnce += 1;
          assert.ok(!wasTrying || atOnce === 1, "two tried at once");
          try {
            if (!endsNow) await new Promise<void>((resolve) => ends.push(resolve));
            if (!works) throw trouble;
          } finally {
            if (wasTrying) atOnce -= 1;
          }
        });
        call.catch(() => {});
        if (endsNow) await clock.advance(0);
        else if (ends.length > 3) ends.shift()?.();
      }
      for (const end of ends) end();
      await clock.advance(2_000);
      await policy(aCall(), fine);
    }),
    { numRuns: 50 },
  );
});
