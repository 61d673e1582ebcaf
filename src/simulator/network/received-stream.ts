/** The body of a watch as it arrives at a part. */
export class ReceivedStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  /** Bytes that were sent and that the reader has not taken. */
  onTheirWay = 0;
  readonly #onReturn: () => void;
  #chunks: Uint8Array[] = [];
  #end: { readonly error: unknown } | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #room: (() => void) | undefined;

  /** `onReturn`: the reader wants no more. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  push(chunk: Uint8Array): void {
    if (this.#end) return;
    if (this.#waiting) this.#hand(this.#waiting, chunk);
    else this.#chunks.push(chunk);
  }

  end(): void {
    this.#close(undefined);
  }

  fail(error: unknown): void {
    this.#close(error);
  }

  /** Resolves when the reader has taken all there was, or wants no more. */
  room(): Promise<void> {
    if (this.#end || this.onTheirWay <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#taken(chunk);
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#end) return this.#ended(this.#end);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#close(undefined);
    this.#onReturn();
    return Promise.resolve(done);
  }

  #hand(waiting: PromiseWithResolvers<IteratorResult<Uint8Array>>, chunk: Uint8Array): void {
    this.#waiting = undefined;
    this.#taken(chunk);
    waiting.resolve({ done: false, value: chunk });
  }

  #taken(chunk: Uint8Array): void {
    this.onTheirWay -= chunk.length;
    if (this.onTheirWay > 0) return;
    this.#room?.();
    this.#room = undefined;
  }

  #close(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    this.#room?.();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    if (error === undefined) waiting.resolve(done);
    else waiting.reject(error);
  }

  #ended({ error }: { readonly error: unknown }): Promise<IteratorResult<Uint8Array>> {
    return error === undefined ? Promise.resolve(done) : Promise.reject(error);
  }
}

const done = { done: true, value: undefined } as const;
