import assert from "node:assert/strict";
import { test } from "node:test";
import { hedge } from "./hedge.ts";
import type { OutgoingCall } from "./policy.ts";
import { aCall, outcomeOf, world } from "./testing/world.ts";

/** Attempts that answer, or fail, after times of their own, and hear when they are told to stop. */
function answering(clock: ReturnType<typeof world>["clock"], ...afterMs: readonly number[]) {
  const stopped: number[] = [];
  let attempts = 0;
  const next = async ({ signal }: OutgoingCall): Promise<string> => {
    attempts += 1;
    const attempt = attempts;
    const after = afterMs[attempt - 1] as number;
    await clock.sleep(Math.abs(after), signal).catch((reason) => {
      stopped.push(attempt);
      throw reason;
    });
    if (after < 0) throw new Error(`attempt ${attempt} failed`);
    return `attempt ${attempt}`;
  };
  return { next, stopped, attempts: () => attempts };
}

test("when the first takes long a second is asked; who answers first is taken, and the other told to stop", async () => {
  const { clock, observe, events } = world();
  const policy = hedge({ afterMs: 50, clock, observe });
  const second = answering(clock, 1_000, 20);
  const outcome = outcomeOf(policy(aCall(), second.next));
  await clock.advance(49);
  assert.equal(second.attempts(), 1);
  await clock.advance(21);
  assert.deepEqual([outcome.now, second.stopped, events], ["attempt 2", [1], ["hedged"]]);
  const first = answering(clock, 60, 1_000);
  const other = outcomeOf(policy(aCall(), first.next));
  await clock.advance(60);
  assert.deepEqual([other.now, first.stopped], ["attempt 1", [2]]);
  assert.equal(clock.pending, 0);
});

test("a failure counts only when nobody can answer any more, and one before its time is told at once", async () => {
  const { clock } = world();
  const policy = hedge({ afterMs: 50, clock });
  const cases: [afterMs: number[], at: number, outcome: unknown, attempts: number][] = [
    [[-60, 30], 80, "attempt 2", 2],
    [[90, -10], 90, "attempt 1", 2],
    [[-60, -60], 110, { failed: "attempt 1 failed" }, 2],
    [[-90, -10], 90, { failed: "attempt 1 failed" }, 2],
    [[-20, 10], 20, { failed: "attempt 1 failed" }, 1],
  ];
  for (const [afterMs, at, expected, attempts] of cases) {
    const each = answering(clock, ...afterMs);
    const outcome = outcomeOf(policy(aCall(), each.next));
    await clock.advance(at - 1);
    assert.equal(outcome.now, "waiting");
    await clock.advance(1);
    assert.deepEqual([outcome.now, each.attempts()], [expected, attempts]);
  }
});

test("what must not be done twice is not, and a slow service is not asked more than its budget allows", async () => {
  const { clock } = world();
  const once = answering(clock, 500, 1);
  outcomeOf(hedge({ afterMs: 50, clock })(aCall({ idempotent: false }), once.next));
  await clock.advance(500);
  assert.equal(once.attempts(), 1);
  const policy = hedge({ afterMs: 50, budget: { size: 2, ratio: 0.1 }, clock });
  const slow = answering(clock, ...Array(50).fill(100));
  for (let call = 0; call < 30; call += 1) {
    outcomeOf(policy(aCall(), slow.next));
    await clock.advance(200);
  }
  assert.ok(slow.attempts() <= 30 + 2 + 3, `${slow.attempts()} attempts`);
});

test("without a time given, unusually long is what 95 of 100 calls stayed below of late", async () => {
  const { clock, events, observe } = world();
  const policy = hedge({ clock, observe });
  for (let call = 0; call < 64; call += 1) {
    outcomeOf(policy(aCall(), answering(clock, call % 16 === 0 ? 200 : 10, 10).next));
    await clock.advance(200);
  }
  events.length = 0;
  const usual = answering(clock, 9, 10);
  outcomeOf(policy(aCall(), usual.next));
  await clock.advance(9);
  assert.equal(usual.attempts(), 1);
  outcomeOf(policy(aCall(), answering(clock, 500, 10).next));
  await clock.advance(210);
  assert.deepEqual(events, ["hedged"]);
});

test("a second that cannot be asked at all costs nobody anything", async () => {
  const { clock } = world();
  let attempts = 0;
  const next = (call: OutgoingCall): Promise<string> => {
    attempts += 1;
    if (attempts === 2) throw new Error("a mistake in a policy");
    return clock.sleep(60, call.signal).then(() => "first");
  };
  const outcome = outcomeOf(hedge({ afterMs: 50, clock })(aCall(), next));
  await clock.advance(60);
  assert.deepEqual([outcome.now, attempts], ["first", 2]);
});
