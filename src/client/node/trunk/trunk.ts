import type { TLSSocket } from "node:tls";
import { type ApiRequest, type ApiResponse, maxHeadBytes, maxTrunkBodyBytes } from "#api";
import type { Sending } from "../http1-connection.ts";
import { onceAborted } from "./once-aborted.ts";
import { TrunkConnection } from "./trunk-connection.ts";

export interface TrunkOptions {
  /** Begins to connect, offering `trunkProtocol` and HTTP/1.1. */
  readonly dial: () => TLSSocket;
  /** How what a trunk does not carry is sent, and everything to a server that knows no trunks. */
  readonly otherwise: (request: ApiRequest) => Promise<ApiResponse>;
}

/**
 * Sends requests and watches over one connection side by side, to a server that knows how; made when first needed and again after it broke. What
 * is more than is good at a time waits its turn.
 */
export class Trunk {
  readonly #options: TrunkOptions;
  #connection: TrunkConnection | undefined;
  #isRefused = false;
  #underWay = 0;
  /** In order; with how to stop watching for their end. */
  readonly #waiting = new Map<Sending, () => void>();

  constructor(options: TrunkOptions) {
    this.#options = options;
  }

  /** Rejects with what broke the connection, or with the reason of the request's signal. */
  async request(request: ApiRequest): Promise<ApiResponse> {
    if (this.#isRefused || isLarge(request)) return this.#options.otherwise(request);
    const answer = await this.#answer(request);
    return answer.status === 421 ? this.#options.otherwise(request) : answer;
  }

  /** Breaks what is under way. */
  close(): void {
    this.#connection?.destroy();
  }

  #answer(request: ApiRequest): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted) return reject(request.signal.reason);
      const sending = { request, resolve, reject };
      if (this.#underWay < mostUnderWay) this.#send(sending);
      else this.#wait(sending);
    });
  }

  #send(sending: Sending): void {
    if (this.#isRefused) {
      this.#options.otherwise(sending.request).then(sending.resolve, sending.reject);
      return;
    }
    if (!this.#connection?.isUsable) this.#connection = this.#open();
    this.#underWay += 1;
    try {
      this.#connection.send(sending);
    } catch (error) {
      sending.reject(error);
      this.#answered();
    }
  }

  #open(): TrunkConnection {
    const connection = new TrunkConnection({
      socket: this.#options.dial(),
      onAnswered: () => this.#answered(),
      onRefused: (unsent) => this.#refused(unsent),
      onClosed: () => {
        if (this.#connection === connection) this.#connection = undefined;
      },
    });
    return connection;
  }

  /** Who waits longest gets the place. */
  #answered(): void {
    this.#underWay -= 1;
    for (const [sending, release] of this.#waiting) {
      release();
      this.#waiting.delete(sending);
      this.#send(sending);
      return;
    }
  }

  #refused(unsent: readonly Sending[]): void {
    this.#isRefused = true;
    this.#underWay -= unsent.length;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [, release] of waiting) release();
    for (const sending of [...unsent, ...waiting.map(([one]) => one)]) this.#send(sending);
  }

  #wait(sending: Sending): void {
    const { signal } = sending.request;
    const stop = () => {
      this.#waiting.delete(sending);
      sending.reject(signal?.reason);
    };
    this.#waiting.set(sending, onceAborted(signal, stop));
  }
}

/** Requests without an answer at a time: enough to fill commits of the server, and few enough for several programs beside one another. */
const mostUnderWay = 32;

/** Headers are a few hundred bytes; a path with long selectors may be more than a head takes. */
function isLarge({ path, body }: ApiRequest): boolean {
  return (body?.length ?? 0) > maxTrunkBodyBytes || path.length > maxHeadBytes / 4;
}
