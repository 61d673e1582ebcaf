import { tooManyRequests } from "#base";
import { maxReadsInFlight, maxWritesInFlight, retryAfterSeconds } from "../limits.ts";

/** Counts the requests that are being answered and refuses those beyond the limit. Watches do not count. */
export class InFlight {
  #reads = 0;
  #writes = 0;

  get count(): number {
    return this.#reads + this.#writes;
  }

  /** Takes a place. Throws TooManyRequests. */
  enter(kind: "read" | "write"): void {
    if (kind === "read" ? this.#reads >= maxReadsInFlight : this.#writes >= maxWritesInFlight) {
      throw tooManyRequests("Too many requests, please try again later.", retryAfterSeconds);
    }
    if (kind === "read") this.#reads += 1;
    else this.#writes += 1;
  }

  /** Gives the place back. */
  leave(kind: "read" | "write"): void {
    if (kind === "read") this.#reads -= 1;
    else this.#writes -= 1;
  }
}
