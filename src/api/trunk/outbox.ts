/** Gathers what is said in one turn of the event loop, so that it is sent in one piece: each write through TLS costs as much as handling a small request. */
export class Outbox {
  readonly #options: OutboxOptions;
  #parts: Uint8Array[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  add(...parts: readonly Uint8Array[]): void {
    if (this.#parts.length === 0) this.#options.later(this.#flush);
    this.#parts.push(...parts);
  }

  readonly #flush = (): void => {
    const parts = this.#parts;
    this.#parts = [];
    this.#options.send(parts);
  };
}

export interface OutboxOptions {
  /** Calls when the turn is over: `process.nextTick`. */
  readonly later: (flush: () => void) => void;
  /** Sends the bytes in their order. */
  readonly send: (parts: readonly Uint8Array[]) => void;
}
