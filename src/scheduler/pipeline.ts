/** Work that goes on beside decisions, at most so much at a time. */
export class Pipeline {
  readonly #most: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  #onRoom: (() => void) | undefined;

  constructor({ most }: { readonly most: number }) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#running >= this.#most;
  }

  /** Starts the work, or keeps it until something else has ended. It must not throw. */
  start(work: () => Promise<void>): void {
    if (this.isFull) {
      this.#waiting.push(work);
      return;
    }
    this.#running += 1;
    void work().finally(() => this.#ended());
  }

  /** Resolves when it is no longer full, or the signal aborts. */
  room(signal: AbortSignal): Promise<void> {
    if (!this.isFull || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#onRoom = done;
    });
  }

  #ended(): void {
    this.#running -= 1;
    const next = this.#waiting.shift();
    if (next) this.start(next);
    else this.#onRoom?.();
  }
}
