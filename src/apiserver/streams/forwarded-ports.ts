import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "#base";
import type { SpdyStream } from "./spdy/stream.ts";

/** Opens a connection to a port of the pod. */
export type Dial = (port: number) => Promise<Duplex>;

/**
 * Pairs the streams of a port forward: each connection is one stream of type `error`, on which we say what went wrong,
 * and one of type `data`, held together by their `requestid`.
 */
export class ForwardedPorts {
  readonly #dial: Dial;
  readonly #halves = new Map<string, SpdyStream>();

  constructor(dial: Dial) {
    this.#dial = dial;
  }

  add(stream: SpdyStream): void {
    const { streamtype, requestid = "", port = "" } = stream.headers;
    const number = Number(port);
    if ((streamtype !== "data" && streamtype !== "error") || !(number >= 1 && number <= 65535)) {
      stream.destroy();
      return;
    }
    const key = `${requestid}/${port}`;
    const other = this.#halves.get(key);
    if (!other || other.headers.streamtype === streamtype) {
      this.#halves.set(key, stream);
      stream.once("close", () => {
        if (this.#halves.get(key) === stream) this.#halves.delete(key);
      });
      return;
    }
    this.#halves.delete(key);
    const [data, error] = streamtype === "data" ? [stream, other] : [other, stream];
    void this.#forward(number, data, error);
  }

  async #forward(port: number, data: SpdyStream, error: SpdyStream): Promise<void> {
    // The client ends its half of the error stream at once; nothing is expected on it.
    error.resume();
    try {
      const connection = await this.#dial(port);
      await Promise.all([pipeline(data, connection), pipeline(connection, data)]);
      error.end();
    } catch (problem) {
      // A client that has its answer drops the connection. kubectl takes any word on the error stream for the end of
      // the whole forward, so nothing is said about what the client itself wanted.
      if (data.wasGivenUp) error.end();
      else error.end(`an error occurred forwarding to port ${port}: ${messageOf(problem)}`);
      data.destroy();
    }
  }
}
