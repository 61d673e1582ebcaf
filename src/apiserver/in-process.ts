import type { ApiRequest, ApiResponse, Transport } from "#api";
import { ApiError } from "#base";
import { maxBodyBytes, watchBufferBytes } from "./limits.ts";
import { type bytesAnswer, errorAnswer } from "./pipeline/answers.ts";
import type { Answer, Exchange, Sink } from "./pipeline/exchange.ts";
import type { Parts } from "./pipeline/parts.ts";
import { handle } from "./pipeline/pipeline.ts";
import { slices } from "./pipeline/slices.ts";
import type { User } from "./ports.ts";

/** The API server as a transport, for clients in the same process. Every request is this user's. */
export function inProcess(parts: Parts, user: User): Transport {
  return {
    async request(request) {
      request.signal?.throwIfAborted();
      const answer = await handle(parts, exchangeOf(request, user));
      request.signal?.throwIfAborted();
      return responseOf(parts, request, answer);
    },
    close: () => Promise.resolve(),
  };
}

function exchangeOf({ method, path, headers, body }: ApiRequest, user: User): Exchange {
  return {
    method,
    target: path,
    headers,
    user,
    hasBody: body !== undefined && body.length > 0,
    credentials: () => ({}),
    readBody() {
      if (body && body.length > maxBodyBytes) {
        const message = `the body of the request is larger than the ${maxBodyBytes} bytes that are accepted`;
        return Promise.reject(new ApiError("RequestEntityTooLarge", message));
      }
      return Promise.resolve(body ?? new Uint8Array());
    },
  };
}

function responseOf(parts: Parts, { signal }: ApiRequest, answer: Answer): ApiResponse {
  if (answer.type === "stream") {
    const sink = new PulledSink(signal);
    answer.start(sink);
    return { status: answer.status, headers: answer.headers, body: sink };
  }
  const document = answer.type === "document" ? answer : notInProcess(parts);
  const { status, headers, body } = document;
  return {
    status,
    headers: { ...headers, "content-length": String(body.length) },
    body: new Ready(slices(body)),
  };
}

/** What is there already, as something that is waited for: unlike a generator's, its turns cost one promise each. */
class Ready implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #pieces: Iterator<Uint8Array>;

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return Promise.resolve(this.#pieces.next());
  }
}

function notInProcess({ logger }: Parts): ReturnType<typeof bytesAnswer> {
  const message = "this path is a conversation: it needs a connection over the network";
  return errorAnswer(new ApiError("NotAcceptable", message), logger);
}

/** A sink that its reader pulls from. Not a generator: each event would wait for a handful of promises. */
class PulledSink implements Sink, AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #signal: AbortSignal | undefined;
  #waiting: Uint8Array[] = [];
  /** Of what waits. */
  #bytes = 0;
  #taken: readonly Uint8Array[] = [];
  #takenAt = 0;
  #state: "open" | "ended" | "closed" = "open";
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;
  #closed: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#wake?.();
    return this.#bytes < watchBufferBytes;
  }

  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#wake?.();
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#signal?.aborted) {
      this.#close();
      return Promise.reject(this.#signal.reason);
    }
    const bytes = this.#taken[this.#takenAt];
    if (bytes) {
      this.#takenAt += 1;
      return Promise.resolve({ done: false, value: bytes });
    }
    if (this.#waiting.length > 0) {
      this.#take();
      return this.next();
    }
    if (this.#state !== "open") return this.return();
    this.#taken = [];
    this.#takenAt = 0;
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    }).then(() => this.next());
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** All that waits is the reader's now: there is room again. */
  #take(): void {
    this.#taken = this.#waiting;
    this.#takenAt = 0;
    this.#waiting = [];
    this.#bytes = 0;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  readonly #onAbort = (): void => {
    this.#close();
    this.#wake?.();
  };

  #close(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#state = "closed";
    const closed = this.#closed;
    this.#closed = undefined;
    closed?.();
  }
}
