import { assert } from "./assert.ts";

/**
 * A first-in first-out queue with a limit, read as an async iterator. `push` says whether there was room; what a
 * full queue means (drop, close, slow down) is the caller's decision.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly limit: number;
  #items: T[] = [];
  #head = 0;
  #closed = false;
  #failure: unknown;
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void } | undefined;

  constructor(limit: number) {
    assert(limit > 0, `a queue needs room for at least one item, got a limit of ${limit}`);
    this.limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds an item. False when the queue is full or closed; nothing was added then. */
  push(item: T): boolean {
    if (this.#closed) return false;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: item });
      return true;
    }
    if (this.length >= this.limit) return false;
    this.#items.push(item);
    return true;
  }

  /** Ends the queue. Readers get what is left, then the end, or `failure` when one is given. */
  close(failure?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    if (!this.#waiting) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = undefined;
    if (failure === undefined) resolve({ done: true, value: undefined });
    else reject(failure);
  }

  /** The next item. At most one reader may wait at a time. */
  next(): Promise<IteratorResult<T>> {
    if (this.length > 0) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#closed) {
      if (this.#failure !== undefined) return Promise.reject(this.#failure);
      return Promise.resolve({ done: true, value: undefined });
    }
    assert(!this.#waiting, "a bounded queue has one reader");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => this.next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined as T;
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
