import { whenAborted } from "./when-aborted.ts";

/** Time as a parameter: everything that waits or stamps takes a `Clock`, so the simulator can turn it. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary start. Never goes back; for measuring and deadlines. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`, unless cancelled before. The timer does not keep the process alive when `unref`. */
  setTimer(delayMs: number, callback: () => void, options?: TimerOptions): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

export interface TimerOptions {
  /** When true, a pending timer alone does not keep the process running. */
  readonly unref?: boolean;
}

interface Unrefable {
  unref?(): void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback, options) {
    const handle = setTimeout(callback, Math.min(delayMs, 0x7fffffff));
    if (options?.unref) (handle as Unrefable).unref?.();
    return { cancel: () => clearTimeout(handle) };
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

/** `sleep` in terms of `setTimer`: what every clock's `sleep` is made of. */
export function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.setTimer(delayMs, () => {
      release?.();
      resolve();
    });
    const stop = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const release = signal && whenAborted(signal, stop);
  });
}

/** RFC 3339 with whole seconds, the shape of `metav1.Time`: `2026-01-02T03:04:05Z`. */
export function timestamp(clock: Clock): string {
  const second = Math.floor(clock.now() / 1000);
  if (second !== lastSecond) {
    lastTimestamp = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastTimestamp;
}

/** Thousands of writes share a second, and the text of it. */
let lastSecond = Number.NaN;
let lastTimestamp = "";

/** RFC 3339 with microseconds, the shape of `metav1.MicroTime`: `2026-01-02T03:04:05.678000Z`. */
export function microTimestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 23)}000Z`;
}
