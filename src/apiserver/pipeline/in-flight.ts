import { tooManyRequests } from "#base";
import { maxReadsInFlight, maxUploads, maxWritesInFlight, retryAfterSeconds } from "../limits.ts";

type Kind = "read" | "write" | "upload";

const limits: Readonly<Record<Kind, number>> = {
  read: maxReadsInFlight,
  write: maxWritesInFlight,
  upload: maxUploads,
};

/**
 * Counts the requests that are being answered and refuses those beyond the limit. Watches do not count; requests whose
 * body is still on its way count apart, so that slow clients do not take the places of others.
 */
export class InFlight {
  readonly #counts: Record<Kind, number> = { read: 0, write: 0, upload: 0 };

  get count(): number {
    return this.#counts.read + this.#counts.write;
  }

  /** Takes a place. Throws TooManyRequests. */
  enter(kind: Kind): Place {
    if (this.#counts[kind] >= limits[kind]) {
      throw tooManyRequests("Too many requests, please try again later.", retryAfterSeconds);
    }
    this.#counts[kind] += 1;
    return new Place(this.#counts, kind);
  }
}

/** The place of one request. */
export class Place {
  readonly #counts: Record<Kind, number>;
  readonly #kind: Kind;
  #isTaken = true;

  constructor(counts: Record<Kind, number>, kind: Kind) {
    this.#counts = counts;
    this.#kind = kind;
  }

  /** Gives it back; once is enough. */
  leave(): void {
    if (this.#isTaken) this.#counts[this.#kind] -= 1;
    this.#isTaken = false;
  }
}
