import type { ApiRequest, ApiResponse } from "#api";
import { connectionFailed } from "#client";
import { limits } from "../limits.ts";
import { between, happens } from "../time/seeds.ts";
import type { Link } from "./link.ts";
import type { Network } from "./network.ts";
import { ReceivedStream } from "./received-stream.ts";

export interface CallOptions {
  readonly network: Network;
  readonly link: Link;
  readonly request: ApiRequest;
  readonly resolve: (response: ApiResponse) => void;
  readonly reject: (error: unknown) => void;
  /** Called once, when neither answer nor event can come any more. */
  readonly onOver: () => void;
}

/**
 * One request, its answer and, for a watch, its events.
 *
 *   asked ──► arrived ──► answered ──► over
 *      │          └─ stream: events follow ──► ended or reset ──► over
 *      └─ reset, refused, lost, aborted ──────────────────────► over
 *
 * What has left the part is not called back by an abort: the server may see it all the same.
 */
export class Call {
  readonly #options: CallOptions;
  /** Tells the server's side that nobody listens any more: of a watch. */
  readonly #gone: AbortController | undefined;
  readonly #isWatch: boolean;
  #state: "waiting" | "streaming" | "over" = "waiting";
  #stream: ReceivedStream | undefined;
  #lastMs = 0;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#isWatch = options.request.method === "GET" && /[?&]watch=true/.test(options.request.path);
    this.#gone = this.#isWatch ? new AbortController() : undefined;
  }

  start(): void {
    const { network, link, request } = this.#options;
    const { random } = network;
    request.signal?.addEventListener("abort", this.#onAbort, { once: true });
    const { lossRate, duplicateRate } = network.conditionsOf(link.part);
    const loss = lossRate > 0 && happens(random, lossRate) ? pickLoss(random.float()) : undefined;
    if (loss === "request") this.#lose();
    else network.send(link.part, () => this.#arrive(loss === "answer"));
    if (duplicateRate > 0 && !this.#isWatch && happens(random, duplicateRate)) {
      network.send(link.part, () => this.#arriveAgain());
    }
  }

  /** The connection is gone: the part learns of it, when it can be reached. */
  reset(why: string): void {
    if (this.#state === "over") return;
    this.#gone?.abort();
    this.#tell(() => this.#fail(connectionFailed(`${this.#named()} failed: ${why}`, { sent: true })));
  }

  /** Nobody is left to be answered. As a machine does for a program that has ended, this one closes the connection. */
  abandon(): void {
    this.#finish();
    const { network, link } = this.#options;
    if (this.#gone) network.send(link.part, () => this.#gone?.abort());
  }

  #arrive(losesAnswer: boolean): void {
    const { network, link } = this.#options;
    if (this.#isWatch && this.#state === "over") return;
    const { server } = network;
    if (!server) {
      network.trace.record(link.part, `${this.#named()} → nobody listens`);
      this.#tell(() =>
        this.#fail(connectionFailed(`${this.#named()} failed: connection refused`, { sent: false })),
      );
      return;
    }
    server
      .transport(link.user)
      .request(this.#sent())
      .then((response) => this.#answer(response, losesAnswer), this.#brokeOff);
  }

  /** The same request once more; nobody waits for what it is answered. */
  #arriveAgain(): void {
    const { network, link } = this.#options;
    network.trace.record(link.part, `${this.#named()} once more`);
    network.server
      ?.transport(link.user)
      .request(this.#sent())
      .then(async (response) => bodyOf(response))
      .catch(() => {});
  }

  #answer(response: ApiResponse, isLost: boolean): void {
    const { network, link } = this.#options;
    network.trace.record(link.part, `${this.#named()} → ${response.status}`);
    if (response.headers["content-length"] === undefined) {
      this.#tell(() => this.#receive(response));
      this.#pump(response.body).catch(this.#brokeOff);
      return;
    }
    bodyOf(response).then((body) => {
      if (isLost) this.#lose();
      else this.#tell(() => this.#settle({ ...response, body: new Whole(body) }));
    }, this.#brokeOff);
  }

  #receive(response: ApiResponse): void {
    if (this.#state !== "waiting") return;
    this.#state = "streaming";
    this.#stream ??= this.#newStream();
    this.#options.resolve({ ...response, body: this.#stream });
  }

  #newStream(): ReceivedStream {
    return new ReceivedStream(() => {
      this.#gone?.abort();
      this.#finish();
    });
  }

  /** Carries events, no more at a time than a connection holds: what a reader does not take waits at the server. */
  async #pump(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { network, link } = this.#options;
    this.#stream ??= this.#newStream();
    const stream = this.#stream;
    for await (const chunk of body) {
      if (this.#gone?.signal.aborted) return;
      network.trace.mixNumber(chunk.length);
      const { duplicateRate } = network.conditionsOf(link.part);
      const copies = duplicateRate > 0 && isOneLine(chunk) && happens(network.random, duplicateRate) ? 2 : 1;
      stream.onTheirWay += copies * chunk.length;
      for (let copy = 0; copy < copies; copy += 1) this.#tell(() => stream.push(chunk));
      if (stream.onTheirWay >= limits.streamBytes) await stream.room();
    }
    this.#tell(() => {
      stream.end();
      this.#finish();
    });
  }

  readonly #brokeOff = (error: unknown): void => {
    if (this.#gone?.signal.aborted) return;
    this.#tell(() => this.#fail(error));
  };

  /** Neither side hears of it; the part learns by a reset, after a while. */
  #lose(): void {
    const { network, link } = this.#options;
    network.trace.record(link.part, `${this.#named()} → lost`);
    network.clock.setTimer(between(network.random, limits.lostForMs), () => this.reset("connection reset"));
  }

  #settle(response: ApiResponse): void {
    if (this.#state !== "waiting") return;
    this.#finish();
    this.#options.resolve(response);
  }

  #fail(error: unknown): void {
    if (this.#state === "over") return;
    const wasStreaming = this.#state === "streaming";
    this.#finish();
    if (wasStreaming) this.#stream?.fail(error);
    else this.#options.reject(error);
  }

  #finish(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#options.request.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.onOver();
  }

  readonly #onAbort = (): void => {
    this.#gone?.abort();
    this.#fail(this.#options.request.signal?.reason);
  };

  /** Something for the part: in the order of telling. */
  #tell(news: () => void): void {
    const { network, link } = this.#options;
    this.#lastMs = network.send(link.part, () => link.enter(news), this.#lastMs);
  }

  /** The request as the server gets it: the part's own signal stays at the part. */
  #sent(): ApiRequest {
    const { signal: _, ...request } = this.#options.request;
    return this.#gone ? { ...request, signal: this.#gone.signal } : request;
  }

  #named(): string {
    return `${this.#options.request.method} ${this.#options.request.path}`;
  }
}

function pickLoss(drawn: number): "request" | "answer" {
  return drawn < 0.5 ? "request" : "answer";
}

/** All of an answer whose length is known. Mostly it is one piece, after which nobody has to ask for another. */
async function bodyOf({ headers, body }: ApiResponse): Promise<Uint8Array> {
  const length = Number(headers["content-length"]);
  const pieces = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let left = length; left > 0; ) {
    const { done, value } = await pieces.next();
    if (done) break;
    if (value.length === length) return value;
    chunks.push(value);
    left -= value.length;
  }
  return Buffer.concat(chunks);
}

/** A body that has come as a whole. */
class Whole implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  #bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#bytes;
    this.#bytes = undefined;
    return Promise.resolve(value ? { done: false, value } : { done: true, value });
  }
}

/** A single event: told twice it is still told in order. */
function isOneLine(chunk: Uint8Array): boolean {
  return chunk.indexOf(lineFeed) === chunk.length - 1;
}

const lineFeed = 0x0a;
