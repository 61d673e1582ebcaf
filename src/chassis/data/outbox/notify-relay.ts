import { silentLogger, systemClock } from "#base";
import { persist } from "../../database/persist.ts";
import { wakeUps } from "../../database/wake-ups.ts";
import { limits } from "../limits.ts";
import { drainOn } from "./drain.ts";
import type { Relay, RelayOptions } from "./relay.ts";
import { outboxChannel } from "./schema.ts";

/**
 * Looks into the outbox when a commit was announced, and rarely besides. It needs a connection of its own that lasts
 * (no transaction pooler in between).
 */
export function notifyRelay({
  database,
  broker,
  clock = systemClock,
  log = silentLogger,
}: RelayOptions): Relay {
  return {
    run: (signal) =>
      persist("the relay of announced messages", { clock, log, signal }, async (progress) => {
        const session = await database.session();
        try {
          const wakes = await wakeUps(session, outboxChannel, clock);
          while (!signal.aborted) {
            await drainOn(session, broker, signal);
            progress();
            await wakes.next(limits.safetyLookMs, signal);
          }
        } finally {
          await session.close();
        }
      }),
  };
}
