import { limits } from "../limits.ts";
import type { Ticks } from "./ticks.ts";

/**
 * What becomes of ticks at which no copy ran: `last`, one message for all of them; `all`, one for each; `none`: nothing is
 * said so late.
 */
export type Missed = "last" | "all" | "none";

/** What is to be said now, and from where to go on. */
export interface Due {
  readonly ticks: readonly number[];
  /** The last tick that is dealt with. */
  readonly upTo: number;
}

/** Undefined: nothing is due. */
export function dueTicks(ticks: Ticks, since: number, now: number, missed: Missed): Due | undefined {
  const next = ticks.after(since);
  const last = ticks.upTo(now);
  if (next === undefined || last === undefined || next > now) return undefined;
  if (missed === "last") return { ticks: [last], upTo: last };
  const begin = missed === "all" ? since : Math.max(since, now - limits.lateTickMs);
  const each: number[] = [];
  for (let tick = ticks.after(begin); tick !== undefined && tick <= now; tick = ticks.after(tick)) {
    each.push(tick);
    if (each.length === limits.ticksAtOnce) break;
  }
  return { ticks: each, upTo: each.at(-1) ?? last };
}
