import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { memoryBroker } from "../memory-broker.ts";
import { dueTick, type Missed } from "./due.ts";
import { schedule } from "./schedule.ts";
import { type Every, ticksOf } from "./ticks.ts";

const begin = Date.parse("2026-03-27T12:00:00Z");

test("a day in a time zone has its tick also when clocks are changed", () => {
  const { after, upTo } = ticksOf({ cron: "30 2 * * *", timeZone: "Europe/Zurich" }, begin);
  const ticks: string[] = [];
  for (let tick = after(begin); ticks.length < 3 && tick !== undefined; tick = after(tick))
    ticks.push(new Date(tick).toISOString());
  // On the 29th there is no half past two.
  assert.deepEqual(ticks, [
    "2026-03-28T01:30:00.000Z",
    "2026-03-29T01:00:00.000Z",
    "2026-03-30T00:30:00.000Z",
  ]);
  assert.equal(upTo(Date.parse("2026-03-28T01:30:00Z")), Date.parse("2026-03-28T01:30:00Z"));
  assert.equal(upTo(Date.parse("2026-03-28T01:29:59.999Z")), Date.parse("2026-03-27T01:30:00Z"));
});

test("what is no schedule is refused", () => {
  const refused = (every: Every) => assert.throws(() => ticksOf(every, begin), /cannot schedule/);
  refused({ cron: "61 * * * *", timeZone: "UTC" });
  refused({ cron: "0 * * * *", timeZone: "Mars/Base" });
  refused({ cron: "0 0 30 2 *", timeZone: "UTC" });
  refused({ ms: 0 });
});

test("whenever it is looked, each tick is said as its schedule says: all, or the last, or those that are not late", () => {
  const every = fc.constantFrom<Every>(
    { ms: 7_000 },
    { cron: "*/5 * * * * *", timeZone: "UTC" },
    { cron: "* * * * *", timeZone: "Europe/Zurich" },
  );
  const looks = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(every, looks, fc.constantFrom<Missed>("all", "last", "none"), (chosen, waits, missed) => {
      const ticks = ticksOf(chosen, begin);
      let now = begin;
      let mark = begin;
      const said: number[] = [];
      for (const wait of waits) {
        const before = now;
        now += wait;
        const expected: number[] = [];
        for (let tick = ticks.after(before); tick !== undefined && tick <= now; tick = ticks.after(tick))
          expected.push(tick);
        const here: number[] = [];
        for (let due = dueTick(ticks, mark, now, missed); due; due = dueTick(ticks, mark, now, missed)) {
          if (due.tick !== undefined) here.push(due.tick);
          assert.ok(due.upTo > mark);
          mark = due.upTo;
        }
        if (missed === "all") assert.deepEqual(here, expected);
        if (missed === "last") assert.deepEqual(here, expected.slice(-1));
        if (missed === "none")
          assert.deepEqual(
            here,
            expected.filter((tick) => tick > now - limits.lateTickMs),
          );
        said.push(...here);
      }
      assert.equal(new Set(said).size, said.length);
    }),
    { seed: 8, numRuns: 60 },
  );
});

test("what was due while no copy ran is made up for by one message, when one comes back", async () => {
  const clock = new VirtualClock(begin);
  const broker = memoryBroker({ clock });
  const heard: [id: string, data: unknown][] = [];
  const subscription = await broker.subscribe({
    topic: "days",
    subscriber: "audit",
    async handle({ message: { event } }) {
      heard.push([event.id, event.data]);
    },
  });
  const open = () =>
    schedule({
      broker,
      clock,
      name: "day-end",
      source: "/billing",
      every: { cron: "0 18 * * *", timeZone: "UTC" },
      say: (tick) => ({ topic: "days", type: "day.ended", data: tick.toISOString().slice(0, 10) }),
    });
  const before = await open();
  await clock.advance(24 * 3_600_000);
  await before.close();
  await clock.advance(72 * 3_600_000);
  const after = await open();
  await clock.advance(0);
  await broker.idle();
  assert.deepEqual(heard, [
    ["day-end/2026-03-27T18:00:00.000Z", "2026-03-27"],
    ["day-end/2026-03-30T18:00:00.000Z", "2026-03-30"],
  ]);
  await after.close();
  await subscription.close();
});
