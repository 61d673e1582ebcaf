import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { systemClock } from "#base";
import { PartClock } from "./part-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("timers fire in the order of their time, then of their making, each after all that the one before set in motion", async () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  const timer = (name: string, delayMs: number) =>
    clock.setTimer(delayMs, () => {
      seen.push(`${name}@${clock.monotonicMs()}`);
      void Promise.resolve()
        .then(() => {})
        .then(() => seen.push(`after ${name}`));
    });
  timer("late", 20);
  timer("first", 10);
  timer("second", 10);
  timer("never", 15).cancel();
  await clock.run(15);
  assert.deepEqual(seen, ["first@10", "after first", "second@10", "after second"]);
  await clock.run(15);
  assert.deepEqual(seen.slice(4), ["late@20", "after late"]);
  assert.equal(clock.monotonicMs(), 30);
});

test("what happens outside is heard while many long steps are taken", async () => {
  const clock = new VirtualClock(0);
  let taken = 0;
  for (let index = 0; index < 1_000; index += 1) {
    clock.setTimer(index, () => {
      taken += 1;
      const untilMs = systemClock.monotonicMs() + 10;
      while (systemClock.monotonicMs() < untilMs);
    });
  }
  const news = systemClock.setTimer(30, () => clock.stop());
  await clock.run(1_000);
  news.cancel();
  assert.ok(taken < 100, `${taken} steps of 10 ms before it was heard`);
});

test("many timers of which most are cancelled fire in order all the same", async () => {
  const clock = new VirtualClock(0);
  const fired: number[] = [];
  for (let index = 0; index < 10_000; index += 1) {
    const atMs = (index * 7919) % 10_007;
    const timer = clock.setTimer(atMs, () => fired.push(atMs));
    if (index % 5 > 0) timer.cancel();
  }
  await clock.run(20_000);
  assert.equal(fired.length, 2_000);
  assert.deepEqual(
    fired,
    fired.toSorted((a, b) => a - b),
  );
});

test("what is cancelled while its part stands still does not happen when it goes on", async () => {
  const clock = new VirtualClock(0);
  const part = new PartClock(clock);
  const seen: string[] = [];
  part.setTimer(10, () => seen.push("kept"));
  const timer = part.setTimer(10, () => seen.push("cancelled"));
  part.pause();
  await clock.run(100);
  timer.cancel();
  part.resume();
  await clock.run(1);
  assert.deepEqual(seen, ["kept"]);
});

test("a part that stands still goes on with what should have happened; one that was killed never does", async () => {
  const clock = new VirtualClock(0);
  const part = new PartClock(clock);
  const other = new PartClock(clock);
  const seen: string[] = [];
  part.setTimer(10, () => seen.push("timer"));
  other.setTimer(10, () => seen.push("of the dead"));
  part.pause();
  other.kill();
  await clock.run(100);
  part.enter(() => seen.push("news"));
  assert.deepEqual(seen, []);
  part.resume();
  await clock.run(1);
  assert.deepEqual(seen, ["timer", "news"]);
});

test("a run ends at once when it is stopped", async () => {
  const clock = new VirtualClock(0);
  clock.setTimer(5, () => clock.stop());
  clock.setTimer(6, () => assert.fail("after the stop"));
  await clock.run(100);
  assert.equal(clock.monotonicMs(), 5);
});

test("whoever waits again for what is left of a delay has waited long enough, whatever the times", async () => {
  const times = fc.double({ min: 0.001, max: 1e7, noNaN: true });
  await fc.assert(
    fc.asyncProperty(times, times, fc.array(times, { maxLength: 3 }), async (startMs, delayMs, wakes) => {
      const clock = new VirtualClock(0);
      await clock.run(startMs);
      const since = clock.monotonicMs();
      let looks = 0;
      const look = () => {
        looks += 1;
        const leftMs = delayMs - (clock.monotonicMs() - since);
        if (leftMs > 0 && looks < 10) clock.setTimer(leftMs, look);
      };
      for (const wake of wakes) clock.setTimer(wake, look);
      look();
      await clock.run(4e7);
      assert.ok(looks <= 2 * (wakes.length + 1), `looked ${looks} times`);
    }),
  );
});

test("a run in which time stands still ends, and says when", async () => {
  const clock = new VirtualClock(0);
  const again = () => clock.setTimer(0, again);
  clock.setTimer(5, again);
  await assert.rejects(
    clock.run(10),
    /time does not pass: \d+ timers fired within the millisecond 5 of the run/,
  );
});
