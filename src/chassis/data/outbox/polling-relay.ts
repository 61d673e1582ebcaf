import { silentLogger, systemClock } from "#base";
import { pause, persist } from "../../database/persist.ts";
import { limits } from "../limits.ts";
import { drainOn } from "./drain.ts";
import type { Relay, RelayOptions } from "./relay.ts";

/**
 * Looks into the outbox again and again: soon after there was something, ever less often while there is nothing, at the
 * least every `pollMs`. It needs nothing of PostgreSQL but a table and a connection, so it works through every pooler.
 */
export function pollingRelay({
  database,
  broker,
  clock = systemClock,
  log = silentLogger,
  pollMs = limits.pollMs,
}: RelayOptions & { readonly pollMs?: number }): Relay {
  return {
    async run(signal) {
      let waitMs = limits.quickPollMs;
      await persist("the polling of the outbox", { clock, log, signal }, async (progress) => {
        const session = await database.session();
        try {
          while (!signal.aborted) {
            const published = await drainOn(session, broker, signal);
            progress();
            waitMs = published > 0 ? limits.quickPollMs : Math.min(2 * waitMs, pollMs);
            await pause(clock, waitMs, signal);
          }
        } finally {
          await session.close();
        }
      });
    },
  };
}
