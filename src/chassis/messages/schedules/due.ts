import { limits } from "../limits.ts";
import type { Ticks } from "./ticks.ts";

/**
 * What becomes of ticks at which no copy ran: `last`, one message for all of them; `all`, one for each; `none`: nothing is
 * said so late.
 */
export type Missed = "last" | "all" | "none";

/** The next step of a schedule. */
export interface Due {
  /** What is to be said; undefined: nothing, for it would be too late. */
  readonly tick?: number;
  /** The last tick that is dealt with. */
  readonly upTo: number;
}

/**
 * Undefined: nothing is due. A step says one tick at most, so that copies that look at different moments say it in steps to the
 * same place, by which a broker knows that they are the same.
 */
export function dueTick(ticks: Ticks, since: number, now: number, missed: Missed): Due | undefined {
  const next = ticks.after(since);
  const last = ticks.upTo(now);
  if (next === undefined || last === undefined || next > now) return undefined;
  if (missed === "last") return { tick: last, upTo: last };
  const tick = missed === "all" ? next : ticks.after(Math.max(since, now - limits.lateTickMs));
  return tick !== undefined && tick <= now ? { tick, upTo: tick } : { upTo: last };
}
