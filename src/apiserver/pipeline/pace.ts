import type { Clock } from "#base";
import { maxRetryAfterSeconds } from "../limits.ts";

/**
 * When those may come back for whom there is no place. As many as were answered in a second can be answered in the next: who is turned away
 * is spread over the seconds which that takes, one after the other, so that a crowd neither comes back at once nor is refused again and again.
 */
export class Pace {
  readonly #clock: Clock;
  #second = 0;
  #answered = 0;
  #refused = 0;
  /** Seconds over which the refused are spread: by what the second before was like. */
  #spread = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered(): void {
    this.#turn();
    this.#answered += 1;
  }

  /** Seconds after which this one may come back. */
  refused(): number {
    this.#turn();
    this.#refused += 1;
    return 1 + (this.#refused % this.#spread);
  }

  #turn(): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second === this.#second) return;
    const wasJustNow = second === this.#second + 1;
    const needed = wasJustNow ? Math.ceil(this.#refused / Math.max(1, this.#answered)) : 1;
    this.#spread = Math.min(Math.max(needed, 1), maxRetryAfterSeconds);
    this.#second = second;
    this.#answered = 0;
    this.#refused = 0;
  }
}
