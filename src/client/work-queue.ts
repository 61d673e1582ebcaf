import type { Clock, Random, Timer } from "#base";
import { type BackoffLimits, backoffMs } from "./backoff.ts";
import { queueBackoffBaseMs, queueBackoffMaxMs } from "./limits.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff?: BackoffLimits;
}

/**
 * Keys that need work, each at most once, in the order in which they came: a key that is added again and again cannot
 * starve another. A key that is added while it is worked on comes again afterwards, never at the same time.
 *
 *     add ──► waiting ──► next() ──► in work ──► done()
 *      ▲                                │ added meanwhile: waiting again
 *      └── addAfter, retry (timer) ◄────┘
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: BackoffLimits;
  /** Insertion order is the queue's order. */
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = options.backoff ?? { baseMs: queueBackoffBaseMs, maxMs: queueBackoffMaxMs };
  }

  /** Keys that wait for a worker; not those that wait for a time. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Nothing waits, nothing is in work. Keys that wait for a time do not count. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#working.size === 0;
  }

  add(key: string): void {
    if (this.#closed || this.#waiting.has(key)) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (!taker) {
      this.#waiting.add(key);
      return;
    }
    this.#working.add(key);
    taker(key);
  }

  /** Adds the key in `delayMs`; of several times asked for, the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    const atMs = this.#clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known && known.atMs <= atMs) return;
    known?.timer.cancel();
    const fire = () => {
      this.#delayed.delete(key);
      this.add(key);
    };
    this.#delayed.set(key, { atMs, timer: this.#clock.setTimer(delayMs, fire, { unref: true }) });
  }

  /** Adds the key after a pause that grows with every failure in a row. Returns the pause in milliseconds. */
  retry(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pauseMs = backoffMs(failures, this.#backoff, this.#random);
    this.addAfter(key, pauseMs);
    return pauseMs;
  }

  /** The key succeeded: its next failure is its first. */
  forget(key: string): void {
    if (this.#failures.size > 0) this.#failures.delete(key);
  }

  /** Failures of the key in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one; undefined when the queue is closed. Whoever takes it calls `done`. */
  next(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      this.#working.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Nothing is handed out any more; those who wait get undefined. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}

interface Delayed {
  readonly atMs: number;
  readonly timer: Timer;
}
