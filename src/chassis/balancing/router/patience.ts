import type { Clock, Timer } from "#base";

/** Waits for something to move, and calls when nothing has for too long. Movement costs no timer. */
export class Patience {
  readonly #clock: Clock;
  readonly #end: () => void;
  #timeoutMs = 0;
  #movedMs = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, end: () => void) {
    this.#clock = clock;
    this.#end = end;
  }

  /** From now on nothing may move for so long. */
  allow(timeoutMs: number): void {
    this.stop();
    this.#timeoutMs = timeoutMs;
    this.moved();
    this.#timer = this.#clock.setTimer(timeoutMs, () => this.#look());
  }

  moved(): void {
    this.#movedMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const leftMs = this.#movedMs + this.#timeoutMs - this.#clock.monotonicMs();
    if (leftMs <= 0) this.#end();
    else this.#timer = this.#clock.setTimer(leftMs, () => this.#look());
  }
}
