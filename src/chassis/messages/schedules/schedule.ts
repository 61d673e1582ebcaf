import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import { pause, persist } from "../../database/persist.ts";
import type { Broker, Subscription } from "../broker.ts";
import { limits } from "../limits.ts";
import { composer, type Draft } from "../message.ts";
import { type Due, dueTick, type Missed } from "./due.ts";
import type { Every } from "./ticks.ts";

export interface ScheduleOptions {
  readonly broker: Pick<Broker, "marks">;
  /** What all copies call it; another name is another schedule. */
  readonly name: string;
  /** Who says it: `/billing`. */
  readonly source: string;
  readonly every: Every;
  /** What to say at a tick. The same draft for the same tick, whichever copy is asked. */
  readonly say: (tick: Date) => Draft;
  /** By default one message for all ticks that were missed. */
  readonly missed?: Missed;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Says something again and again, in as many copies as there are: for each tick one of them. Resolves when the schedule
 * stands: what is due from then on is said, also when no copy runs at that moment.
 */
export async function schedule(options: ScheduleOptions): Promise<Subscription> {
  const { name, broker, source, every, say, missed = "last" } = options;
  const { clock = systemClock, log = silentLogger } = options;
  // Who has no schedules does not load what reads them.
  const { ticksOf } = await import("./ticks.ts");
  const ticks = ticksOf(every, clock.now());
  const compose = composer({ source, clock });
  const mark = `schedule ${name}`;
  const messagesOf = ({ tick }: Due) => {
    if (tick === undefined) return [];
    const at = new Date(tick);
    return [compose({ key: name, ...say(at), id: `${name}/${at.toISOString()}` })];
  };

  const begin = async () => {
    const at = await broker.marks.read(mark);
    if (at !== undefined) return at;
    await broker.marks.move({ mark, from: undefined, to: String(clock.now()), messages: [] });
    return broker.marks.read(mark);
  };

  /** Says what is due. When to look again. */
  const advance = async (): Promise<number> => {
    const from = await begin();
    const due = dueTick(ticks, Number(from), clock.now(), missed);
    if (!due) return ticks.after(clock.now()) ?? Number.POSITIVE_INFINITY;
    await broker.marks.move({ mark, from, to: String(due.upTo), messages: messagesOf(due) });
    // Whoever has moved it, there may be more.
    return clock.now();
  };

  await begin();
  const closing = new AbortController();
  const ended = persist(`the schedule ${name}`, { clock, log, signal: closing.signal }, async (progress) => {
    while (!closing.signal.aborted) {
      const next = await advance();
      progress();
      const waitMs = Math.max(0, next - clock.now());
      // A clock may be set meanwhile.
      await pause(clock, Math.min(waitMs, limits.scheduleLookMs), closing.signal);
    }
  });
  return {
    async close() {
      closing.abort(new Error(`the schedule ${name} is closed`));
      await ended;
    },
  };
}
