import type { Clock } from "#base";
import { eventFlushMs, eventPauseMaxMs, eventsAtOnce, eventsInFlight, eventsWrittenMs } from "../limits.ts";

export interface EventOutboxOptions<T> {
  readonly clock: Clock;
  /** Never rejects. */
  readonly write: (one: T) => Promise<void>;
  /** Those of one subject are written one after the other: what becomes of one depends on those before it. */
  readonly subjectOf: (one: T) => string;
}

/**
 * What waits to be written. What has gathered is written together, which costs the server a fifth of what it costs one by one. While more waits
 * than is written at once, a pause follows, the longer the busier the server: a burst is told late rather than at the expense of what it is about.
 *
 *     ██ 5 ms ██ 5 ms ████ 15 ms ─── 22 ms ─── ████████ 30 ms ─────── 90 ms ─────── ████…
 */
export class EventOutbox<T> {
  readonly #options: EventOutboxOptions<T>;
  readonly #waiting: T[] = [];
  /** How many of them, from the front, are written. */
  #written = 0;
  #working: Promise<void> | undefined;
  #hurried = 0;
  #endPause: (() => void) | undefined;

  constructor(options: EventOutboxOptions<T>) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#left >= eventsInFlight;
  }

  add(one: T): void {
    this.#waiting.push(one);
    this.#working ??= this.#work();
  }

  /** Resolves when everything that was added so far is written, without pauses, or given up because it takes too long. */
  async flush(): Promise<void> {
    if (!this.#working) return;
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(eventFlushMs, late.resolve, { unref: true });
    this.#hurried += 1;
    this.#endPause?.();
    await Promise.race([this.#working, late.promise]);
    this.#hurried -= 1;
    timer.cancel();
  }

  get #left(): number {
    return this.#waiting.length - this.#written;
  }

  async #work(): Promise<void> {
    const { clock, write } = this.#options;
    // What is added in one go goes together.
    await undefined;
    while (this.#left > 0) {
      const group = this.#nextGroup();
      const beganMs = clock.monotonicMs();
      await Promise.all(group.map(write));
      this.#drop(group.length);
      await this.#pause(clock.monotonicMs() - beganMs);
    }
    this.#working = undefined;
  }

  #nextGroup(): readonly T[] {
    const subjects = new Set<string>();
    const from = this.#written;
    while (subjects.size < Math.min(eventsAtOnce, this.#left)) {
      const subject = this.#options.subjectOf(this.#waiting[from + subjects.size] as T);
      if (subjects.has(subject)) break;
      subjects.add(subject);
    }
    return this.#waiting.slice(from, from + subjects.size);
  }

  /** In larger pieces: what is taken off the front of a long list moves the rest each time. */
  #drop(count: number): void {
    this.#written += count;
    if (this.#written < droppedAtOnce && this.#left > 0) return;
    this.#waiting.splice(0, this.#written);
    this.#written = 0;
  }

  async #pause(tookMs: number): Promise<void> {
    const isBurst = this.#left > eventsAtOnce && this.#left < eventsInFlight / 2;
    if (!isBurst || tookMs <= eventsWrittenMs || this.#hurried > 0) return;
    const pauseMs = Math.min((tookMs * tookMs) / eventsWrittenMs, eventPauseMaxMs);
    const over = Promise.withResolvers<void>();
    const timer = this.#options.clock.setTimer(pauseMs, over.resolve, { unref: true });
    this.#endPause = over.resolve;
    await over.promise;
    timer.cancel();
  }
}

const droppedAtOnce = 256;
