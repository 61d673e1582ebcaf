import type { Writable } from "node:stream";
import { watchBufferBytes } from "../limits.ts";
import type { Sink } from "../pipeline/exchange.ts";

/** The answer to a request over the network as a sink. */
export class WritableSink implements Sink {
  readonly #to: Writable;

  constructor(to: Writable) {
    this.#to = to;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#to.destroyed || this.#to.writableEnded) return true;
    this.#to.write(bytes);
    return this.#to.writableLength < watchBufferBytes;
  }

  end(): void {
    this.#to.end();
  }

  onDrain(listener: () => void): void {
    this.#to.once("drain", listener);
  }

  onClose(listener: () => void): void {
    this.#to.once("close", listener);
  }
}
