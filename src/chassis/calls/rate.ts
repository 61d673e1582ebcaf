import { assert } from "#base";

/** How often something may happen. */
export interface RateOptions {
  /** So often … */
  readonly count: number;
  /** … in so long. */
  readonly perMs: number;
  /** How often at once, after a rest. Absent: all of `count`. */
  readonly burst?: number;
}

/** What a rate allows. */
export interface Turn {
  readonly taken: boolean;
  /** How long until it is due; when it was not taken, until it would be. */
  readonly waitMs: number;
}

/**
 * The generic cell rate algorithm: one number, the time at which all that was allowed would have happened evenly. In any stretch of time it allows at
 * most `burst`, and one more for each `perMs / count` of it.
 */
export class Rate {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  #evenlyMs = Number.NEGATIVE_INFINITY;

  constructor({ count, perMs, burst = count }: RateOptions) {
    assert(count > 0 && perMs > 0 && burst >= 1, `${count} per ${perMs} ms, ${burst} at once, is no rate`);
    this.#intervalMs = perMs / count;
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
  }

  /** Takes a turn that is due within `longestWaitMs`, if there is one. */
  take(nowMs: number, longestWaitMs = 0): Turn {
    const evenlyMs = Math.max(this.#evenlyMs, nowMs);
    const waitMs = Math.max(0, evenlyMs - this.#toleranceMs - nowMs);
    if (waitMs > longestWaitMs) return { taken: false, waitMs };
    this.#evenlyMs = evenlyMs + this.#intervalMs;
    return { taken: true, waitMs };
  }
}
