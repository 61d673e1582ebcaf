import type { Sink } from "../../pipeline/exchange.ts";

/** How an answer that comes in pieces is sent. */
export interface SinkOptions {
  readonly send: (data: Uint8Array) => void;
  readonly sendEnd: () => void;
  /** Whether the connection takes more. When it does again, `drained` is called. */
  readonly hasRoom: () => boolean;
}

/** An answer in pieces on a trunk: others share the connection, so its client can have this one wait. */
export class TrunkSink implements Sink {
  readonly #options: SinkOptions;
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
    this.#options.send(bytes);
    return this.#hasRoom();
  }

  end(): void {
    if (!this.#isOpen) return;
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
    this.#onClose?.();
    this.drained();
  }

  #hasRoom(): boolean {
    return !this.#isOpen || (!this.#isHeld && this.#options.hasRoom());
  }
}
