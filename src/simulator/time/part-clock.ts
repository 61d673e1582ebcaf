import { type Clock, sleepOn, type Timer } from "#base";

/**
 * The time of one part of the cluster, as its machine has it: the wall clock may be wrong, the part may be stopped for a while
 * (nothing happens in it, and what should have happens when it goes on), and when it is killed nothing happens in it ever again.
 */
export class PartClock implements Clock {
  readonly #clock: Clock;
  #state: "running" | "paused" | "killed" = "running";
  #held: (() => void)[] = [];
  /** What is added to the true time, in milliseconds. */
  skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  now(): number {
    return this.#clock.now() + this.skewMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#state === "killed") return never;
    return new PartTimer(callback, (fire) => this.#clock.setTimer(delayMs, () => this.enter(fire)));
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Runs what reaches the part from outside: now, when it goes on, or never. */
  enter(work: () => void): void {
    if (this.#state === "running") work();
    else if (this.#state === "paused") this.#held.push(work);
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    for (const work of held) this.#clock.setTimer(0, () => this.enter(work));
  }

  kill(): void {
    this.#state = "killed";
    this.#held = [];
  }
}

const never: Timer = { cancel: () => {} };

/** Cancelled, it does not fire, not even when it was due while its part stood still. */
class PartTimer implements Timer {
  readonly #timer: Timer;
  #callback: (() => void) | undefined;

  constructor(callback: () => void, begin: (fire: () => void) => Timer) {
    this.#callback = callback;
    this.#timer = begin(() => this.#callback?.());
  }

  cancel(): void {
    this.#callback = undefined;
    this.#timer.cancel();
  }
}
