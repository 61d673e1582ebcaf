/** Gathers what is said in one turn of the event loop, so that it is sent in one piece: each write through TLS costs as much as handling a small request. */
export class Outbox {
  readonly #options: OutboxOptions;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** What waits for the end of the turn. */
  get bytes(): number {
    return this.#bytes;
  }

  add(part: Uint8Array): void {
    if (this.#parts.length === 0) this.#options.later(this.#flush);
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  readonly #flush = (): void => {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    this.#options.send(parts);
  };
}

export interface OutboxOptions {
  /** Calls when the turn is over: `process.nextTick`. */
  readonly later: (flush: () => void) => void;
  /** Sends the bytes in their order. */
  readonly send: (parts: readonly Uint8Array[]) => void;
}
