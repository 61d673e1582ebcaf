import { Cron } from "croner";
import { badRequest, messageOf } from "#base";

/** When a schedule is due: the same moments for all of its copies. */
export type Every =
  /** Five or six fields, seconds before minutes, as the clocks of a zone show them: `Europe/Zurich`. */
  | { readonly cron: string; readonly timeZone: string }
  /** Whole multiples of so many milliseconds since 1970. */
  | { readonly ms: number };

/** The moments of a schedule, in milliseconds since 1970. */
export interface Ticks {
  /** The first after a moment; undefined: there is none. */
  after(moment: number): number | undefined;
  /** The last up to a moment; undefined: there is none. */
  upTo(moment: number): number | undefined;
}

/** Refuses what has no ticks at all. */
export function ticksOf(every: Every, now: number): Ticks {
  const ticks = "ms" in every ? multiples(every.ms) : calendar(every.cron, every.timeZone);
  if (ticks.after(now) === undefined)
    throw badRequest(`cannot schedule ${JSON.stringify(every)}: it is never due`);
  return ticks;
}

function multiples(ms: number): Ticks {
  if (!(Number.isInteger(ms) && ms > 0))
    throw badRequest(`cannot schedule every ${ms} ms: it must be a whole number above 0`);
  return {
    after: (moment) => (Math.floor(moment / ms) + 1) * ms,
    upTo: (moment) => Math.floor(moment / ms) * ms,
  };
}

function calendar(expression: string, timeZone: string): Ticks {
  let cron: Cron;
  try {
    cron = new Cron(expression, { timezone: timeZone, paused: true });
    cron.nextRun();
  } catch (cause) {
    throw badRequest(`cannot schedule "${expression}" in the time zone "${timeZone}": ${messageOf(cause)}`);
  }
  return {
    after: (moment) => cron.nextRun(new Date(moment))?.getTime(),
    // It leaves out the moment that it is given.
    upTo: (moment) =>
      cron.previousRuns(1, new Date(Math.floor(moment / 1_000) * 1_000 + 1_000))[0]?.getTime(),
  };
}
