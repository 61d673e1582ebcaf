import type { Clock, Timer } from "#base";
import type { Revision, Store, Watch } from "#store";
import { bookmarkAfterMs } from "../limits.ts";

/**
 * Tells watches now and then how far the store has come. One timer for all of them, and none while nothing is written: a program follows
 * dozens of kinds of which hardly any change, and a write must not cost a word with each of them.
 */
export class Bookmarks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #receivers = new Set<(revision: Revision) => void>();
  #progress: Watch | undefined;
  #timer: Timer | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Calls `receive` with a revision up to which a live watch has been told everything. Returns how to stop. */
  follow(receive: (revision: Revision) => void): () => void {
    this.#receivers.add(receive);
    this.#progress ??= this.#store.watch({
      prefix: nothing,
      after: this.#store.revision,
      onCommit: () => {},
      onProgress: () => this.#arm(),
      onEnd: () => this.#rest(),
    });
    return () => {
      this.#receivers.delete(receive);
      if (this.#receivers.size === 0) this.#rest();
    };
  }

  #arm(): void {
    this.#timer ??= this.#clock.setTimer(bookmarkAfterMs, () => this.#tell(), { unref: true });
  }

  /** From a timer: the store is not in the middle of telling its watches anything. */
  #tell(): void {
    this.#timer = undefined;
    for (const receive of [...this.#receivers]) receive(this.#store.revision);
  }

  #rest(): void {
    this.#progress?.close();
    this.#progress = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** No key begins like this. */
const nothing = "\0";
