import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSchedule } from "./parse-schedule.ts";
import { clockOf, rfc3339 } from "./time-zone.ts";

function next(schedule: string, after: string, timeZone?: string): string | undefined {
  const atMs = parseSchedule(schedule, timeZone).next(Date.parse(after));
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
}

test("a schedule finds its next minute", () => {
  for (const [schedule, expected] of [
    ["* * * * *", "2026-01-01T00:01"],
    ["*/15 * * * *", "2026-01-01T00:15"],
    ["5/20 * * * *", "2026-01-01T00:05"],
    ["0 9-17/4 * * MON-FRI", "2026-01-01T09:00"],
    ["30 2 * feb,Mar *", "2026-02-01T02:30"],
    ["0 0 29 2 *", "2028-02-29T00:00"],
    ["0 0 13 * 5", "2026-01-02T00:00"],
    ["0 0 * * 0", "2026-01-04T00:00"],
    ["0 0 ? * *", "2026-01-02T00:00"],
    ["@hourly", "2026-01-01T01:00"],
    ["@every 1h30m", "2026-01-01T01:30"],
    ["0 0 31 2 *", undefined],
  ] as const) {
    assert.equal(next(schedule, "2026-01-01T00:00:20Z"), expected, schedule);
  }
});

test("a time zone has its own clock, with its jumps", () => {
  assert.equal(next("0 8 * * *", "2026-01-01T00:00:00Z", "Europe/Berlin"), "2026-01-01T07:00");
  assert.equal(next("0 8 * * *", "2026-07-01T00:00:00Z", "Europe/Berlin"), "2026-07-01T06:00");
  assert.equal(next("0 0 * * *", "2026-01-01T00:00:00Z", "Asia/Kathmandu"), "2026-01-01T18:15");
  // 29 March 2026 has no 02:30 in Berlin, 25 October two.
  assert.equal(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-30T00:30");
  assert.equal(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-25T01:30");
  assert.equal(next("0 0 * * *", "2026-10-25T12:00:00Z", "Europe/Berlin"), "2026-10-25T23:00");
  // In Beirut the clock goes from midnight to one.
  assert.equal(next("0 * * * *", "2026-03-28T21:30:00Z", "Asia/Beirut"), "2026-03-28T22:00");
  assert.equal(
    rfc3339(Date.parse("2026-01-01T00:00:00Z"), clockOf("America/New_York")),
    "2025-12-31T19:00:00-05:00",
  );
  assert.equal(rfc3339(Date.parse("2026-01-01T00:00:00Z"), clockOf()), "2026-01-01T00:00:00Z");
});

test("what is wrong is said", () => {
  for (const [schedule, why] of [
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["x * * * *", "failed to parse int from x"],
    ["1,, * * * *", 'failed to parse int from ""'],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["@sometimes", "unrecognized descriptor: @sometimes"],
    ["@every soon", "failed to parse duration @every soon"],
    ["TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"],
  ] as const) {
    assert.throws(() => parseSchedule(schedule), { message: why }, schedule);
  }
  for (const zone of ["Nowhere/Town", "Local", "+01:00"]) {
    assert.throws(() => parseSchedule("* * * * *", zone), { message: `unknown time zone ${zone}` });
  }
});

test("what is found is the first minute whose clock shows what is meant: as if every minute had been asked", () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min, max }).map(String),
      fc.integer({ min: 2, max: 7 }).map((step) => `*/${step}`),
    );
  const fields = fc.tuple(field(0, 59), field(0, 23), fc.constant("*"), fc.constant("*"), field(0, 6));
  const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
  // Around the days on which these clocks jump.
  const starts = fc.constantFrom(
    "2026-03-28",
    "2026-10-24",
    "2026-03-07",
    "2026-11-01",
    "2026-04-04",
    "2026-10-03",
  );
  fc.assert(
    fc.property(fields, zones, starts, fc.nat({ max: 1440 }), (words, zone, start, minutes) => {
      const fromMs = Date.parse(`${start}T00:00:00Z`) + minutes * 60_000;
      const found = parseSchedule(words.join(" "), zone).next(fromMs);
      const read = clockOf(zone);
      const isMeant = (value: number, word: string, min: number) =>
        word === "*" ||
        (word.startsWith("*/") ? (value - min) % Number(word.slice(2)) === 0 : value === Number(word));
      let atMs = fromMs + 60_000;
      for (const endMs = fromMs + 3 * 86_400_000; atMs < endMs; atMs += 60_000) {
        const { minute, hour, weekday } = read(atMs);
        const [minuteWord, hourWord, , , weekdayWord] = words;
        if (
          isMeant(minute, minuteWord, 0) &&
          isMeant(hour, hourWord, 0) &&
          isMeant(weekday, weekdayWord, 0)
        ) {
          assert.equal(found, atMs);
          return;
        }
      }
      assert.ok(found === undefined || found >= atMs);
    }),
    { numRuns: 60 },
  );
});
