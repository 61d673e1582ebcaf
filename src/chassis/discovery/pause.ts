import type { Clock } from "#base";

/** Resolves after a while, or when aborted. Does not keep the process alive: to follow others is no reason to go on. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = () => {
      timer.cancel();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = clock.setTimer(delayMs, over, { unref: true });
    signal.addEventListener("abort", over, { once: true });
  });
}
