import { type Clock, type Logger, messageOf } from "#base";
import { runForNobody } from "../telemetry/mod.ts";
import { type Instance, sameInstances } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";

export interface Asking {
  /** Makes, for each watch, what asks the source once. It may take its time when it waits for a change itself. */
  readonly asker: (service: string) => (signal: AbortSignal) => Promise<readonly Instance[]>;
  /** The pause before it is asked again. */
  readonly refreshMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A registry whose source does not tell by itself, and is asked again and again. A source that fails is asked again soon, and what was known stays. */
export function askedRegistry({ asker, refreshMs, clock, logger }: Asking): Registry {
  return {
    watch(service, heard) {
      const ending = new AbortController();
      const { signal } = ending;
      const ask = asker(service);
      const run = async () => {
        let known: readonly Instance[] | undefined;
        let failures = 0;
        while (!signal.aborted) {
          try {
            const instances = await ask(signal);
            failures = 0;
            if (!signal.aborted && !(known && sameInstances(known, instances))) heard(instances);
            known = instances;
          } catch (error) {
            if (signal.aborted) return;
            if (failures === 0)
              logger.warn(`who serves ${service} cannot be found out now`, { error: messageOf(error) });
            failures += 1;
          }
          const pause =
            failures === 0
              ? refreshMs
              : Math.min(limits.longestRetryMs, limits.retryMs * 2 ** (failures - 1));
          await clock.sleep(pause, signal).catch(() => {});
        }
      };
      // It is often a request that has somebody watched first; the watch outlives it.
      void runForNobody(run);
      return { stop: () => ending.abort() };
    },
  };
}
