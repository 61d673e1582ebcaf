import { Duplex } from "node:stream";
import { spdyStatus } from "./frames.ts";
import type { SpdyHeaders } from "./headers.ts";

/** What a stream needs of its connection. */
export interface SpdyStreamLink {
  /** Calls back when the connection has room for more. */
  send(streamId: number, payload: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  reset(streamId: number, status: number): void;
  /** The reader has caught up after `receive` returned false. */
  wanted(): void;
  /** Nothing will be sent or received any more. */
  closed(streamId: number): void;
}

/** One stream of a SPDY connection, as a Node stream. Destroying it before its end resets it for the other side too. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #link: SpdyStreamLink;
  #remoteEnded = false;
  #localEnded = false;
  #reset = false;

  constructor(id: number, headers: SpdyHeaders, link: SpdyStreamLink) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#link = link;
  }

  /** Takes what the other side sent. False: the reader is behind, do not read on. */
  receive(payload: Buffer, fin: boolean): boolean {
    if (this.destroyed || this.#remoteEnded) return true;
    const room = payload.length === 0 || this.push(payload);
    if (fin) {
      this.#remoteEnded = true;
      this.push(null);
    }
    return room;
  }

  /** The other side did not want the rest. */
  get wasGivenUp(): boolean {
    return this.#reset;
  }

  /** The other side gave the stream up. */
  receiveReset(): void {
    this.#reset = true;
    this.destroy();
  }

  override _read(): void {
    this.#link.wanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#link.send(this.id, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#localEnded = true;
    this.#link.send(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const whole = this.#remoteEnded && this.#localEnded;
    if (!whole && !this.#reset)
      this.#link.reset(this.id, error ? spdyStatus.internalError : spdyStatus.cancel);
    this.#link.closed(this.id);
    done(error);
  }
}
