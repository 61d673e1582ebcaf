import type { Clock, Random } from "#base";

/**
 * Names events after their object and the moment, `web.18b2c4f0a1d3e5f7`: nanoseconds since 1970 in hexadecimal, as
 * Kubernetes names them. So events of one second, which is as fine as their timestamps are, are listed in their order.
 */
export class EventNames {
  readonly #clock: Clock;
  readonly #random: Random;
  #last = 0n;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  next(object: string): string {
    // The clock knows milliseconds. The digits below are drawn, so that two programs do not meet.
    const drawn =
      BigInt(Math.floor(this.#clock.now())) * 1_000_000n + BigInt(this.#random.uint32() % 1_000_000);
    this.#last = drawn > this.#last ? drawn : this.#last + 1n;
    return `${object}.${this.#last.toString(16)}`;
  }
}
