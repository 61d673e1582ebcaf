import { JetStreamApiError } from "@nats-io/jetstream";
import { TimeoutError } from "@nats-io/transport-node";
import { type Clock, type Logger, messageOf } from "#base";
import { limits } from "../limits.ts";
import { retryDelayMs } from "../retry-delay.ts";

/** NATS does not answer just now. */
export class Away extends Error {}

/**
 * What `work` comes to, once NATS is there. A cluster that has just started, or lost its leader, agrees on one within
 * seconds; until then nobody answers, and it is waited for as for a server that is away.
 */
export async function whenThere<Result>(
  what: string,
  work: () => Promise<Result>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      log.warn(`NATS cannot give ${what} yet, and is waited for: ${messageOf(error)}`, { failures });
      await clock.sleep(Math.min(retryDelayMs(failures), limits.agreeingMs));
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return isForNow.has(error.code);
  return error instanceof Away || error instanceof TimeoutError;
}

/** In the words of nats-server: "JetStream system temporarily unavailable", "no suitable peers for placement". */
const isForNow: ReadonlySet<number> = new Set([10_008, 10_005]);
