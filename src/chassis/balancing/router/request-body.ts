import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";

/** A request's body on its way. It flows through; only a beginning is held, so that another instance can be given the same. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #heldBytes: number;
  #held: Buffer[] | undefined = [];
  #bytes = 0;
  #moved: (() => void) | undefined;

  /** `heldBytes` is 0 for what must not be sent twice. */
  constructor(request: IncomingMessage, heldBytes: number) {
    this.#request = request;
    this.#heldBytes = heldBytes;
  }

  /** Whether all that has come so far can be passed on again. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Passes on what has come and what will; `moved` hears of each piece. */
  flowInto(outgoing: Writable, moved: () => void): void {
    const request = this.#request;
    for (const chunk of this.#held ?? []) outgoing.write(chunk);
    if (request.readableEnded) return void outgoing.end();
    if (!this.#moved) request.on("data", (chunk: Buffer) => this.#came(chunk));
    this.#moved = moved;
    request.pipe(outgoing);
  }

  stopFlowingInto(outgoing: Writable): void {
    this.#request.unpipe(outgoing);
  }

  #came(chunk: Buffer): void {
    this.#moved?.();
    this.#bytes += chunk.length;
    if (this.#bytes > this.#heldBytes) this.#held = undefined;
    this.#held?.push(chunk);
  }
}
