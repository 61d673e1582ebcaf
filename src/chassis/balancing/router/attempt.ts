import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "#base";
import { problem } from "../../http/problem.ts";
import { answerHeaders } from "./headers.ts";
import { Patience } from "./patience.ts";
import type { RequestBody } from "./request-body.ts";

/** One instance, asked once. */
export interface AttemptOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: RequestBody;
  /** Begins a request to the instance. */
  readonly ask: () => ClientRequest;
  /** When true, answers ask their clients to come back on another connection. */
  readonly leaving: () => boolean;
  /** Whether the connection may be handed over to WebSocket: nobody else's is. */
  readonly mayUpgrade: boolean;
  readonly clock: Clock;
  readonly connectMs: number;
  readonly answerMs: number;
  /** When its caller waits no longer, on the monotonic clock. */
  readonly deadlineMs: number;
  readonly idleMs: number;
}

/**
 *     connecting ──▶ asking ──▶ answering ──▶ answered
 *         │             │            └──────▶ failed: half an answer is cut off
 *         │             ├───▶ upgraded: both ends are the caller's
 *         │             └───▶ lost, or stale: it ended before it had answered anything
 *         └───▶ unreached: nothing of the request is gone
 */
export type Outcome =
  | { readonly how: "unreached" | "answered" | "failed" | "gone" }
  /** `stale`: the connection had been kept from before, and may just have been at its end. */
  | { readonly how: "lost"; readonly stale: boolean }
  | {
      readonly how: "upgraded";
      readonly answer: IncomingMessage;
      readonly socket: Duplex;
      readonly head: Buffer;
    };

/** Asks an instance, and passes on its answer. Rejects with a problem when somebody has let others wait for too long, or answers what cannot be passed on. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #outgoing: ClientRequest;
  readonly #patience: Patience;
  readonly #outcome = Promise.withResolvers<Outcome>();
  #isConnected = false;
  #isOver = false;
  #answer: IncomingMessage | undefined;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.#patience = new Patience(options.clock, () => this.#late());
    this.#outgoing = options.ask();
    this.#outgoing.maxHeadersCount = 0;
  }

  async run(): Promise<Outcome> {
    const { response, body, connectMs } = this.#options;
    const outgoing = this.#outgoing;
    const left = () => this.#end({ how: "gone" });
    const moved = () => this.#patience.moved();
    this.#patience.allow(Math.min(connectMs, this.#remainingMs()));
    response.once("close", left).on("drain", moved);
    outgoing
      .once("socket", (socket) => {
        const isEncrypted = "encrypted" in socket;
        if (socket.connecting)
          socket.once(isEncrypted ? "secureConnect" : "connect", () => this.#connected());
        else this.#connected();
      })
      .on("finish", () => this.#sent())
      .on("drain", moved)
      .on("response", (answer) => this.#pass(answer))
      .on("upgrade", (answer, socket, head) => this.#upgrade(answer, socket, head))
      .on("error", (error) => this.#broken(error));
    try {
      return await this.#outcome.promise;
    } finally {
      this.#patience.stop();
      response.off("close", left).off("drain", moved);
      body.stopFlowingInto(outgoing);
    }
  }

  #connected(): void {
    if (this.#isOver) return;
    this.#isConnected = true;
    this.#patience.allow(this.#options.idleMs);
    this.#options.body.flowInto(this.#outgoing, () => this.#patience.moved());
  }

  #sent(): void {
    if (this.#isOver || this.#answer) return;
    this.#patience.allow(Math.min(this.#options.answerMs, this.#remainingMs()));
  }

  #pass(answer: IncomingMessage): void {
    if (this.#isOver) return;
    const { response, idleMs, leaving } = this.#options;
    this.#answer = answer;
    const coding = answer.headers["transfer-encoding"] ?? "chunked";
    try {
      if (coding.toLowerCase() !== "chunked") throw new Error(`its answer is coded as ${coding}`);
      const closing = leaving() ? { connection: "close" } : {};
      response.writeHead(answer.statusCode ?? 502, { ...answerHeaders(answer), ...closing });
    } catch (cause) {
      this.#fail(problem(502, "an instance answered what cannot be passed on", { cause }));
      return;
    }
    this.#patience.allow(idleMs);
    answer
      .on("data", () => this.#patience.moved())
      .on("error", () => this.#end({ how: "failed" }))
      .once("end", () => this.#end({ how: "answered" }));
    answer.pipe(response);
  }

  #upgrade(answer: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isWanted = this.#options.mayUpgrade && answer.headers.upgrade?.toLowerCase() === "websocket";
    if (isWanted && !this.#isOver) {
      this.#end({ how: "upgraded", answer, socket, head });
    } else {
      socket.destroy();
      this.#fail(problem(502, "an instance changed to a protocol that nobody asked for"));
    }
  }

  #broken(error: NodeJS.ErrnoException): void {
    if (!this.#isConnected) this.#end({ how: "unreached" });
    else if (this.#answer) this.#end({ how: "failed" });
    // What is not HTTP was an answer, if no good one.
    else if (error.code?.startsWith("HPE_"))
      this.#fail(problem(502, "an instance answered what is not HTTP", { cause: error }));
    else this.#end({ how: "lost", stale: this.#outgoing.reusedSocket });
  }

  #late(): void {
    const { request, response } = this.#options;
    if (!this.#isConnected && this.#remainingMs() > 0) this.#end({ how: "unreached" });
    else if (this.#answer) this.#end({ how: response.writableNeedDrain ? "gone" : "failed" });
    else if (this.#isConnected && !request.complete && !this.#outgoing.writableNeedDrain)
      this.#fail(problem(408, "the request took too long to arrive"));
    else this.#fail(problem(504, "an instance did not answer in time"));
  }

  #remainingMs(): number {
    return this.#options.deadlineMs - this.#options.clock.monotonicMs();
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What was answered whole may leave its connection to the next request; unless the rest of this one would come first.
    if (outcome.how !== "upgraded" && !(outcome.how === "answered" && this.#outgoing.writableFinished))
      this.#outgoing.destroy();
    this.#outcome.resolve(outcome);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outgoing.destroy();
    this.#outcome.reject(error);
  }
}
