import { listSliceBytes } from "../../limits.ts";
import type { Sink } from "../../pipeline/exchange.ts";

/** How an answer that comes in pieces is sent. */
export interface SinkOptions {
  /** Sends the pieces as one. */
  readonly send: (pieces: readonly Uint8Array[], bytes: number) => void;
  readonly sendEnd: () => void;
  /** Whether the connection takes more, with so many bytes that it has not been given yet. When it does again, `drained` is called. */
  readonly hasRoom: (bytes: number) => boolean;
}

/**
 * An answer in pieces on a trunk. What is written in one turn of the event loop is sent as one, up to a slice: the events of many
 * writes. Others share the connection, so its client can have this one wait.
 */
export class TrunkSink implements Sink {
  readonly #options: SinkOptions;
  #pieces: Uint8Array[] = [];
  /** Of the pieces. */
  #bytes = 0;
  #isOpen = true;
  #isHeld = false;
  #onDrain: (() => void) | undefined;
  #onClose: (() => void) | undefined;

  constructor(options: SinkOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#isOpen) return true;
    if (this.#bytes + bytes.length > listSliceBytes) this.#flush();
    if (this.#pieces.length === 0) process.nextTick(this.#flush);
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    return this.#hasRoom();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#options.sendEnd();
    this.close();
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  /** The client has enough unread. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The client has read what it had. */
  release(): void {
    this.#isHeld = false;
    this.drained();
  }

  /** The connection takes more. */
  drained(): void {
    if (!this.#hasRoom()) return;
    const listener = this.#onDrain;
    this.#onDrain = undefined;
    listener?.();
  }

  /** Nobody reads it any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pieces = [];
    this.#onClose?.();
    this.drained();
  }

  #hasRoom(): boolean {
    return !this.#isOpen || (!this.#isHeld && this.#options.hasRoom(this.#bytes));
  }

  readonly #flush = (): void => {
    if (this.#pieces.length === 0) return;
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#options.send(pieces, bytes);
  };
}
