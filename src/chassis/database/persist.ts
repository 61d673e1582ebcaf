import { type Clock, type Logger, messageOf } from "#base";
import { limits } from "./limits.ts";

export interface Persistence {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Calls `work` until `signal` is aborted. Work that fails is begun anew after a wait that grows with each failure;
 * when it got somewhere it says so by `progress`, and the waits are short again.
 */
export async function persist(
  what: string,
  { clock, log, signal }: Persistence,
  work: (progress: () => void) => Promise<void>,
): Promise<void> {
  let failures = 0;
  const progress = () => {
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      await work(progress);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const waitMs = limits.retryDelaysMs.at(Math.min(failures, limits.retryDelaysMs.length) - 1) ?? 0;
      log.warn(`${what} was interrupted, and goes on in ${waitMs} ms: ${messageOf(error)}`, { failures });
      await pause(clock, waitMs, signal);
    }
  }
}

/** Resolves after `delayMs`, or at once when aborted: for those who look at the signal next. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(delayMs, signal).catch((reason) => {
    if (!signal.aborted) throw reason;
  });
}
