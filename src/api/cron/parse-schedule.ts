import { bounds, type Field, parseField } from "./fields.ts";
import { clockOf, type ReadClock, type WallTime } from "./time-zone.ts";

/** When something is due, again and again. */
export interface CronSchedule {
  /** The first time after `afterMs`, both in milliseconds since the epoch; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

/**
 * Reads a schedule: minute, hour, day of the month, month, day of the week; or `@daily` and its like; or `@every` and a duration.
 * Throws an error that says what is wrong with it, or with the time zone.
 */
export function parseSchedule(text: string, timeZone?: string): CronSchedule {
  if (/^(CRON_)?TZ=/.test(text)) {
    throw new Error("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  }
  const read = clockOf(timeZone);
  const every = /^@every (.*)$/.exec(text)?.[1];
  if (every !== undefined) return intervalOf(every);
  const words = (descriptors[text] ?? text).trim().split(/\s+/);
  if (text.startsWith("@") && !descriptors[text]) throw new Error(`unrecognized descriptor: ${text}`);
  if (words.length !== bounds.length) {
    throw new Error(`expected exactly 5 fields, found ${words.length}: [${words.join(" ")}]`);
  }
  const [minute, hour, day, month, weekday] = bounds.map((within, at) => parseField(words[at] ?? "", within));
  return calendar({ minute, hour, day, month, weekday } as Fields, read);
}

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

interface Fields {
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

const minuteMs = 60_000;

/** How far ahead is looked: the 29th of February comes once in four years, as a rule. */
const horizonMs = 5 * 366 * 24 * 60 * minuteMs;

/** Goes forward by days, hours and minutes, as long as the clock shows what is not meant. */
function calendar({ minute, hour, day, month, weekday }: Fields, read: ReadClock): CronSchedule {
  const isDay = (at: WallTime) => {
    const [byDate, byWeekday] = [day.values.has(at.day), weekday.values.has(at.weekday)];
    // Both said: one is enough. That is cron's way since there is cron.
    return day.isAny || weekday.isAny ? byDate && byWeekday : byDate || byWeekday;
  };
  return {
    next(afterMs) {
      let atMs = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
      const endMs = atMs + horizonMs;
      while (atMs < endMs) {
        const at = read(atMs);
        if (!month.values.has(at.month) || !isDay(at)) atMs = nextMidnight(atMs, at, read);
        else if (!hour.values.has(at.hour)) atMs += (60 - at.minute) * minuteMs;
        else if (!minute.values.has(at.minute)) atMs += minuteMs;
        else return atMs;
      }
      return undefined;
    },
  };
}

/** The first minute of the next day, however long this one is. */
function nextMidnight(atMs: number, at: WallTime, read: ReadClock): number {
  const landedMs = atMs + ((24 - at.hour) * 60 - at.minute) * minuteMs;
  const landed = read(landedMs);
  // A day of 25 hours is not over yet.
  if (landed.day === at.day) return landedMs + ((24 - landed.hour) * 60 - landed.minute) * minuteMs;
  const backMs = landedMs - (landed.hour * 60 + landed.minute) * minuteMs;
  // A day of 23 hours: there may have been a midnight before, or none at all.
  return read(backMs).day === landed.day ? backMs : landedMs;
}

/** Go's durations: `90m`, `1h30m`, `2.5s`; one second at least. */
function intervalOf(text: string): CronSchedule {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new Error(`failed to parse duration @every ${text}`);
  }
  const totalMs = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitsMs[unit ?? ""] ?? 0),
    0,
  );
  const stepMs = Math.max(1000, Math.floor(totalMs / 1000) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + stepMs };
}

const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
