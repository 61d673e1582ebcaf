/** The body of an answer: read as it arrives, once, by one reader. */
export class AnswerBody implements AsyncIterableIterator<Uint8Array> {
  readonly #flow: Flow;
  readonly #arrived: Uint8Array[] = [];
  #bytes = 0;
  #isHeld = false;
  #end: { readonly error?: unknown } | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(bytes: Uint8Array): void {
    if (this.#waiting) {
      this.#waiting.resolve({ done: false, value: bytes });
      this.#waiting = undefined;
      return;
    }
    this.#arrived.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < mostUnreadBytes || this.#isHeld) return;
    this.#isHeld = true;
    this.#flow.hold();
  }

  /** Nothing more comes: the reader gets what has arrived, then the error if there is one. */
  end(how: { readonly error?: unknown } = {}): void {
    this.#end ??= how;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    if ("error" in how) waiting.reject(how.error);
    else waiting.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#arrived.shift();
    if (value) {
      this.#bytes -= value.length;
      if (this.#isHeld && this.#arrived.length === 0) {
        this.#isHeld = false;
        // When all of it has arrived the connection may carry another answer already, which is held or not for its own reasons.
        if (!this.#end) this.#flow.release();
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#end) return "error" in this.#end ? Promise.reject(this.#end.error) : Promise.resolve(done);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The reader wants no more. */
  return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#end) {
      this.#end = {};
      this.#flow.giveUp();
    }
    this.#arrived.length = 0;
    return Promise.resolve(done);
  }
}

/** What a reader does to the connection. */
export interface Flow {
  /** Too much has arrived that nobody has read. */
  hold(): void;
  release(): void;
  /** The rest will not be read. */
  giveUp(): void;
}

const done: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** What may lie unread before the connection is held. */
const mostUnreadBytes = 1024 * 1024;
