import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "./virtual-clock.ts";

test("timers fire in the order of their time, and what they set in motion runs before the next", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.setTimer(20, () => seen.push("second"));
  clock.setTimer(10, async () => {
    await clock.sleep(5);
    seen.push(`first, at ${clock.monotonicMs()}`);
  });
  clock.setTimer(20, () => seen.push("third")).cancel();
  clock.setTimer(21, () => seen.push("never"));
  await clock.advance(20);
  assert.deepEqual(seen, ["first, at 15", "second"]);
  assert.equal(clock.monotonicMs(), 20);
  assert.equal(clock.pending, 1);
});

test("a clock that is set shows another time, and no timer notices", async () => {
  const clock = new VirtualClock(1_000_000);
  let rang = 0;
  clock.setTimer(1_000, () => {
    rang += 1;
  });
  clock.jump(3_600_000);
  assert.equal(clock.now(), 4_600_000);
  assert.equal(clock.monotonicMs(), 0);
  await clock.advance(999);
  assert.equal(rang, 0);
  clock.jump(-3_600_000);
  await clock.advance(1);
  assert.equal(rang, 1);
  assert.equal(clock.now(), 1_001_000);
});

test("a sleep ends with its signal", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const slept = clock.sleep(10, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
  assert.equal(clock.pending, 0);
});
