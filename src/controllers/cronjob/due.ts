import type { CronSchedule } from "#api";
import { manyMissed } from "./limits.ts";

/** What a schedule asks for now. */
export interface Due {
  /** The last time that has come since, milliseconds since the epoch; undefined: none has. */
  readonly atMs: number | undefined;
  /** Whether so many have come that something must be wrong: a clock, or this program was away for long. */
  readonly areMany: boolean;
}

/** Of all times after `sinceMs` that have come, only the last one counts. */
export function dueAt(schedule: CronSchedule, sinceMs: number, nowMs: number): Due {
  let atMs: number | undefined;
  let nextMs = schedule.next(sinceMs);
  for (let missed = 0; nextMs !== undefined && nextMs <= nowMs; missed++) {
    if (missed > manyMissed) return { atMs: lastBefore(schedule, nowMs), areMany: true };
    atMs = nextMs;
    nextMs = schedule.next(nextMs);
  }
  return { atMs, areMany: false };
}

/** Looks back further and further until some time is found, and goes forward from there. */
function lastBefore(schedule: CronSchedule, nowMs: number): number | undefined {
  for (let spanMs = 60_000; ; spanMs *= 2) {
    let found = schedule.next(nowMs - spanMs);
    if (found === undefined) return undefined;
    if (found > nowMs) continue;
    for (
      let next: number | undefined = found;
      next !== undefined && next <= nowMs;
      next = schedule.next(next)
    ) {
      found = next;
    }
    return found;
  }
}
