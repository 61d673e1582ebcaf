import { Rate, type RateOptions } from "../calls/rate.ts";
import { limits } from "./limits.ts";
import { problem } from "./problem.ts";

/** How often each caller may ask. */
export class CallerRates {
  readonly #options: RateOptions;
  /** The last in order is the one that asked last. */
  readonly #byCaller = new Map<string, Rate>();

  constructor(options: RateOptions) {
    this.#options = options;
  }

  /** Throws a problem 429 when `caller` has asked too often. */
  take(caller: string, nowMs: number): void {
    const { taken, waitMs } = this.#rateOf(caller).take(nowMs);
    if (taken) return;
    const { count, perMs } = this.#options;
    throw problem(429, `this may be asked for ${count} times in ${perMs / 1000} s`, {
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
    });
  }

  #rateOf(caller: string): Rate {
    const rate = this.#byCaller.get(caller) ?? new Rate(this.#options);
    this.#byCaller.delete(caller);
    this.#byCaller.set(caller, rate);
    if (this.#byCaller.size > limits.ratedCallers)
      this.#byCaller.delete(this.#byCaller.keys().next().value as string);
    return rate;
  }
}
