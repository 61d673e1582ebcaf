import type { KubernetesObject } from "#api";
import type { WatchEvent } from "./client.ts";
import type { Call, Exchange } from "./exchange.ts";
import { LineSplitter } from "./lines.ts";
import { errorFromStatus, type StatusBody } from "./status.ts";

/** The events of one watch request, as many at a time as one read brought. Throws what an ERROR event says. */
export function watchBatches<T extends KubernetesObject>(
  exchange: Exchange,
  call: Call,
): AsyncIterable<readonly WatchEvent<T>[]> {
  return { [Symbol.asyncIterator]: () => new Batches<T>(exchange, call) };
}

/** Not a generator: a program takes in thousands of events a second, and each would wait for three promises more. */
class Batches<T extends KubernetesObject> implements AsyncIterator<readonly WatchEvent<T>[]> {
  readonly #exchange: Exchange;
  readonly #call: Call;
  readonly #lines = new LineSplitter();
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #failure: StatusBody | undefined;

  constructor(exchange: Exchange, call: Call) {
    this.#exchange = exchange;
    this.#call = call;
  }

  async next(): Promise<IteratorResult<readonly WatchEvent<T>[]>> {
    this.#chunks ??= (await this.#exchange.stream(this.#call)).body[Symbol.asyncIterator]();
    try {
      for (;;) {
        if (this.#failure)
          throw errorFromStatus(this.#failure, 500, `${this.#call.method} ${this.#call.path}`);
        const chunk = await this.#chunks.next();
        if (chunk.done) return done;
        const { events, failure } = this.#parse(this.#lines.push(chunk.value));
        this.#failure = failure;
        if (events.length > 0) return { done: false, value: events };
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<readonly WatchEvent<T>[]>> {
    await this.#chunks?.return?.();
    return done;
  }

  #parse(lines: readonly string[]): Batch<T> {
    const events: WatchEvent<T>[] = [];
    for (const line of lines) {
      const event = this.#exchange.event(line) as WatchEvent<T> | { type: "ERROR"; object: StatusBody };
      if (event.type === "ERROR") return { events, failure: event.object };
      events.push(event);
    }
    return { events, failure: undefined };
  }
}

const done = { done: true, value: undefined } as const;

interface Batch<T> {
  readonly events: WatchEvent<T>[];
  readonly failure: StatusBody | undefined;
}
