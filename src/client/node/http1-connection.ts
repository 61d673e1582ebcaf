import type { TLSSocket } from "node:tls";
import type { ApiRequest, ApiResponse } from "#api";
import { AnswerBody } from "./answer-body.ts";
import { type AnswerHead, AnswerReader } from "./answer-reader.ts";
import { checkSendable } from "./sendable.ts";

/** A request on its way, and who waits for the answer. */
export interface Sending {
  readonly request: ApiRequest;
  resolve(response: ApiResponse): void;
  reject(error: unknown): void;
}

export interface ConnectionOptions {
  readonly socket: TLSSocket;
  /** As requests name the server. */
  readonly host: string;
  readonly nowMs: () => number;
  /** It can carry the next request. */
  readonly onIdle: (connection: Http1Connection) => void;
  /** It will carry no more. */
  readonly onClosed: (connection: Http1Connection) => void;
}

/** One connection to a server, kept from request to request; one at a time. */
export class Http1Connection {
  readonly #options: ConnectionOptions;
  readonly #reader: AnswerReader;
  #sending: Sending | undefined;
  #body: AnswerBody | undefined;
  #error: Error | undefined;
  /** What is to be sent once the server is known to be the right one. */
  #held: Buffer | undefined;
  #isOpen = false;
  /** From then on the server may close it at any moment. */
  #keptUntilMs = Number.POSITIVE_INFINITY;
  #keptMs = Number.POSITIVE_INFINITY;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#reader = new AnswerReader({
      onHead: (head) => this.#answered(head),
      onBody: (bytes) => this.#body?.push(bytes),
      onEnd: ({ isKept }) => this.#ended(isKept),
    });
    const { socket } = options;
    socket.once("secureConnect", () => {
      this.#isOpen = true;
      if (this.#held) socket.write(this.#held);
      this.#held = undefined;
    });
    socket.on("data", (bytes: Buffer) => this.#received(bytes));
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("end", () => {
      if (!this.#reader.close()) socket.destroy();
    });
    socket.on("close", () => this.#closed());
  }

  /** Whether the server still keeps it, as far as is known. */
  get isFresh(): boolean {
    return !this.#options.socket.destroyed && this.#options.nowMs() < this.#keptUntilMs;
  }

  /** Begins an exchange; the connection must be idle. Throws, and stays idle, when the request cannot be sent. */
  send(sending: Sending): void {
    const { socket, host } = this.#options;
    const bytes = bytesOf(sending.request, host);
    this.#sending = sending;
    sending.request.signal?.addEventListener("abort", this.#stop, { once: true });
    socket.ref();
    if (this.#isOpen) socket.write(bytes);
    else this.#held = bytes;
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#options.socket.destroy();
  }

  readonly #stop = () => this.destroy();

  #received(bytes: Buffer): void {
    try {
      if (!this.#sending) throw new Error("the server answered what was not asked");
      this.#reader.push(bytes);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #answered({ status, headers }: AnswerHead): void {
    const { socket } = this.#options;
    const seconds = /\btimeout=(\d+)/.exec(headers["keep-alive"] ?? "")?.[1];
    // A request that meets the server's closing half-way would be lost.
    if (seconds !== undefined) this.#keptMs = Number(seconds) * 1000 - 1000;
    this.#body = new AnswerBody({
      hold: () => socket.pause(),
      release: () => socket.resume(),
      giveUp: () => this.destroy(),
    });
    this.#sending?.resolve({ status, headers, body: this.#body });
  }

  #ended(isKept: boolean): void {
    const { socket, nowMs, onIdle } = this.#options;
    const body = this.#body;
    this.#letGo();
    body?.end();
    if (!isKept) {
      socket.destroy();
      return;
    }
    socket.resume();
    socket.unref();
    this.#keptUntilMs = nowMs() + this.#keptMs;
    onIdle(this);
  }

  #closed(): void {
    const signal = this.#sending?.request.signal;
    const error = signal?.aborted ? signal.reason : (this.#error ?? new Error("the connection was closed"));
    const sending = this.#sending;
    const body = this.#body;
    this.#letGo();
    this.#options.onClosed(this);
    body?.end({ error });
    sending?.reject(error);
  }

  #letGo(): void {
    this.#sending?.request.signal?.removeEventListener("abort", this.#stop);
    this.#sending = undefined;
    this.#body = undefined;
  }
}

/** Head and body in one piece: what is written at once is one record of TLS. */
function bytesOf(request: ApiRequest, host: string): Buffer {
  checkSendable(request);
  const { method, path, headers, body } = request;
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  head += body ? `content-length: ${body.length}\r\n\r\n` : "\r\n";
  const bytes = Buffer.allocUnsafe(head.length + (body?.length ?? 0));
  bytes.write(head, "latin1");
  if (body) bytes.set(body, head.length);
  return bytes;
}
