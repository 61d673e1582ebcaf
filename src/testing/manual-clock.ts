import { type Clock, sleepOn, type Timer } from "#base";

/**
 * A clock that a test turns by hand. Timers fire in the order of their time, and whatever a timer set in motion
 * (promises, in-memory I/O) runs before the next one fires.
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<ManualTimer>();
  #nowMs: number;
  #elapsedMs = 0;
  #sequence = 0;

  /** Starts at `startMs` since the epoch. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `durationMs` pass. Resolves when everything that fell due, and what it set in motion, has run. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await settled();
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#timers.delete(next);
      this.#turnTo(next.atMs);
      next.callback();
      await settled();
    }
    this.#turnTo(untilMs);
  }

  #turnTo(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }

  #next(untilMs: number): ManualTimer | undefined {
    let first: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (
        !first ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.sequence < first.sequence)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

interface ManualTimer {
  readonly atMs: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** Resolves when no promise or in-memory I/O of this process is under way any more, as far as a few turns show. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
