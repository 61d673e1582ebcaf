import { type Clock, type Logger, messageOf, type Timer } from "#base";
import { limits } from "../limits.ts";
import type { SqliteLog } from "./sqlite-log.ts";

/** How long, and how much, the disk remembers. Defaults in limits.ts. */
export interface Retention {
  readonly ageMs?: number;
  readonly bytes?: number;
  readonly intervalMs?: number;
}

/** Applies retention to the log's history, again and again until stopped; the next time counts from the end of the last. */
export function startRetention(options: {
  readonly log: SqliteLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retention?: Retention | undefined;
}): { stop(): void } {
  const { log, clock, logger, retention = {} } = options;
  const ageMs = retention.ageMs ?? limits.historyAgeMs;
  const bytes = retention.bytes ?? limits.historyBytes;
  const intervalMs = retention.intervalMs ?? limits.compactionIntervalMs;
  let timer: Timer | undefined;
  let stopped = false;
  const schedule = () => {
    if (!stopped) timer = clock.setTimer(intervalMs, run, { unref: true });
  };
  const run = () => {
    log
      .retain({ before: clock.now() - ageMs, bytes })
      .catch((error: unknown) => {
        if (!stopped)
          logger.warn("could not forget old history; will try again", { error: messageOf(error) });
      })
      .finally(schedule);
  };
  schedule();
  return {
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}
