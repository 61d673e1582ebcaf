import { type Clock, sleepOn, type Timer } from "#base";

/**
 * A clock that a test turns: for a service (`machine: { clock }`), a broker, an orchestrator, a relay. Timers fire in the
 * order of their time, and what one sets in motion in this process runs before the next one fires. What goes through a
 * real database takes real time: wait for its outcome before you turn the clock on.
 */
export class VirtualClock implements Clock {
  readonly #timers = new Set<VirtualTimer>();
  #wallMs: number;
  #elapsedMs = 0;
  #made = 0;

  /** Shows `startMs`, since the epoch, until it is turned. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), number: this.#made++, callback };
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

  /** Lets `durationMs` pass. Resolves when every timer that fell due has fired, and what it set in motion has run. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await settled();
    for (let next = this.#dueBy(untilMs); next; next = this.#dueBy(untilMs)) {
      this.#timers.delete(next);
      this.#turnTo(next.atMs);
      next.callback();
      await settled();
    }
    this.#turnTo(untilMs);
  }

  /** Somebody sets the clock: it shows `byMs` more, or less. No time has passed, and no timer notices. */
  jump(byMs: number): void {
    this.#wallMs += byMs;
  }

  #turnTo(elapsedMs: number): void {
    this.#wallMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }

  /** The next timer, if it is due by then; of several at one time the one that was set first. */
  #dueBy(untilMs: number): VirtualTimer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs);
    return due.sort((a, b) => a.atMs - b.atMs || a.number - b.number)[0];
  }
}

interface VirtualTimer {
  readonly atMs: number;
  readonly number: number;
  readonly callback: () => void;
}

/** Resolves when what was set in motion in this process has run, as far as a few turns of the event loop show. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
