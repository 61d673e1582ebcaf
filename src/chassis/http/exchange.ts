import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Logger, Timer } from "#base";
import type { AddressSet } from "../addresses.ts";
import type { Current, GoldenSignals, Priority, Span, Tracer } from "../telemetry/mod.ts";
import { parsePriority, parseTraceparent, priorityHeader, runAs } from "../telemetry/mod.ts";
import { callerOf } from "./caller.ts";
import type { Pieces } from "./content.ts";
import { type CrossOrigin, crossOriginHeaders, preflightHeaders } from "./cross-origin.ts";
import { deadlineHeader, parseRemaining } from "./deadline.ts";
import { limits } from "./limits.ts";
import { Problem, problem, problemContentType } from "./problem.ts";

/** What every exchange of a server shares. */
export interface ExchangeContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly signals: GoldenSignals;
  /** Who is believed about whom a request comes from. */
  readonly trustedProxies: () => AddressSet;
  /** Which pages of other origins may ask; undefined: none. */
  readonly crossOrigin: () => CrossOrigin | undefined;
  /** When true, each answer asks its caller to come back on another connection. */
  readonly leaving: () => boolean;
}

/** One request and its answer: what is current while a handler works on it. */
export class Exchange implements Current {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly span: Span;
  /** The path as it came, without the query. */
  readonly path: string;
  /** The query as it came, without the question mark. */
  readonly query: string;
  params: Readonly<Record<string, string>> = {};
  /** The route's path, for metrics: a request's own would make one series per order. */
  route = "none";
  /** Says nothing of requests that come every few seconds, by machines, and go well. */
  quiet = false;
  /** Whether pages of other origins may ask, where the service says which. */
  crossOrigin = false;
  /** What its caller says, until its route does. */
  priority: Priority | undefined;
  /** Called once it is over. */
  atEnd: (() => void) | undefined;
  /** On the monotonic clock. */
  readonly startedMs: number;
  readonly #context: ExchangeContext;
  #deadlineMs: number;
  #timer: Timer | undefined;
  #controller: AbortController | undefined;
  #failure: unknown;

  constructor(request: IncomingMessage, response: ServerResponse, context: ExchangeContext) {
    this.request = request;
    this.response = response;
    this.#context = context;
    this.startedMs = context.clock.monotonicMs();
    const { headers } = request;
    const target = request.url?.startsWith("/") ? request.url : originForm(request.url ?? "/");
    const mark = target.indexOf("?");
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    const parent = parseTraceparent(
      headers.traceparent as string | undefined,
      headers.tracestate as string | undefined,
    );
    this.span = context.tracer.start(request.method ?? "GET", {
      kind: "server",
      ...(parent ? { parent } : {}),
    });
    this.priority = parsePriority(headers[priorityHeader]);
    this.#deadlineMs = this.startedMs + (parseRemaining(headers[deadlineHeader]) ?? limits.answerMs);
    context.signals.began();
    response.once("close", () => this.#ended());
  }

  get logger(): Logger {
    return this.#context.logger;
  }

  /** The address of who asks. */
  get callerAddress(): string {
    return callerOf(this.request, this.#context.trustedProxies());
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  remainingMs(): number {
    return Math.max(0, this.#deadlineMs - this.#context.clock.monotonicMs());
  }

  /** Most handlers never look at it: it is made when one does. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.response.destroyed) this.#controller.abort(gone());
    }
    return this.#controller.signal;
  }

  /** Answers 504 when it is not answered by its deadline, which is at most `timeoutMs` after its beginning. */
  limit(timeoutMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, this.startedMs + timeoutMs);
    this.#timer = this.#context.clock.setTimer(this.remainingMs(), () => {
      const late = problem(504, "there was no answer before the deadline");
      this.#controller?.abort(late);
      this.fail(late);
    });
  }

  /** Answers. Of several answers the first counts. */
  send(status: number, headers: Record<string, string | number>, body?: string | Uint8Array): void {
    if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
    if (!this.#begin(status, headers)) return;
    const { response } = this;
    response.end(body);
    // Nearly always the kernel has all of it by now.
    if (response.socket?.writableLength) this.#waitUntilTaken();
  }

  #waitUntilTaken(): void {
    this.#timer?.cancel();
    this.#timer = this.#context.clock.setTimer(limits.takenMs, () => this.response.destroy());
  }

  /**
   * Answers with pieces, each when the one before has found room. The deadline is for the beginning alone. What fails later, or ends when the caller goes, is cut
   * off, so that nobody takes it for the whole.
   */
  sendStream(status: number, headers: Record<string, string | number>, pieces: Pieces): void {
    const begun = this.#begin(status, headers);
    if (!begun || this.request.method === "HEAD") {
      // Nobody reads it: that it has failed already, or cannot be let go of, is nothing to anybody.
      Promise.try(() => pieces[Symbol.asyncIterator]().return?.()).catch(() => {});
      if (begun) this.response.end();
      return;
    }
    this.#timer?.cancel();
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    // As with node:http: an import would read every export.
    const { pipeline, Readable } = process.getBuiltinModule("node:stream");
    pipeline(Readable.from(this.#watched(pieces)), this.response, () => {});
  }

  async *#watched(pieces: Pieces): Pieces {
    try {
      for await (const piece of pieces) {
        this.#waitUntilTaken();
        yield piece;
        this.#timer?.cancel();
      }
      this.#waitUntilTaken();
    } catch (error) {
      if (!this.response.destroyed) {
        this.#failure = error;
        this.logger.error("an answer has broken off", { route: this.route, error });
      }
      throw error;
    }
  }

  /** Writes the head of the answer, unless there is one already or nobody is there. */
  #begin(status: number, headers: Record<string, string | number>): boolean {
    const { response } = this;
    if (response.headersSent || response.destroyed) return false;
    if (this.#context.leaving()) headers.connection = "close";
    const origins = this.#origins();
    if (origins) {
      const { vary, ...more } = crossOriginHeaders(origins, this.request.headers.origin);
      Object.assign(headers, more);
      if (vary) headers.vary = headers.vary === undefined ? vary : `${headers.vary}, ${vary}`;
    }
    response.writeHead(status, headers);
    return true;
  }

  /** Answers which methods there are; to a browser that asks for a page of another origin, whether it may. */
  sendOptions(methods: readonly string[], allow: string): void {
    const { headers } = this.request;
    const asked = headers["access-control-request-method"] !== undefined;
    this.send(204, { allow, ...(asked && this.#origins() ? preflightHeaders(headers, methods) : {}) });
  }

  #origins(): CrossOrigin | undefined {
    return this.crossOrigin ? this.#context.crossOrigin() : undefined;
  }

  sendJson(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void {
    this.send(status, { ...headers, "content-type": "application/json" }, JSON.stringify(body));
  }

  /**
   * Answers with a problem. What is none was not meant for the caller: it is logged, and the answer says only where to look. So is what is behind a problem of
   * ours, or of somebody whom we have asked.
   */
  fail(error: unknown): void {
    if (this.response.headersSent || this.response.destroyed) return;
    const { traceId } = this.span.context;
    const meant = error instanceof Problem;
    if (!meant) this.#failure = error;
    const shown = meant
      ? error
      : problem(500, `something went wrong here; whoever runs this finds it by its trace, ${traceId}`);
    try {
      this.send(
        shown.status,
        { ...shown.headers, "content-type": problemContentType },
        JSON.stringify(shown.document(traceId)),
      );
    } catch (unsendable) {
      // A status that is none, a line break in a header, or nobody can say which pages may read it: the problem that is made instead has none of these.
      this.crossOrigin = false;
      this.fail(unsendable);
      return;
    }
    const { status, cause } = shown;
    if (!meant) this.logger.error("a handler failed", { route: this.route, error });
    else if (status >= 500 && cause !== undefined)
      this.logger.warn("a handler failed", { route: this.route, error });
  }

  #ended(): void {
    this.#timer?.cancel();
    this.atEnd?.();
    const { request, response, route } = this;
    const finished = response.writableFinished;
    if (!finished) this.#controller?.abort(gone());
    // Of an answer that began before that was known, the head did not say so.
    if (this.#context.leaving()) request.socket.destroySoon();
    const method = request.method ?? "GET";
    // 499: the caller has gone before it was answered, as nginx has it.
    const status = finished ? response.statusCode : this.#failure === undefined ? 499 : 500;
    const durationMs = this.#context.clock.monotonicMs() - this.startedMs;
    this.#context.signals.ended(knownMethods.has(method) ? method : "_OTHER", route, status, durationMs);
    this.span.set({
      "http.request.method": method,
      "http.route": route,
      "url.path": tracedPath(request.url ?? "", this.path),
      "http.response.status_code": status,
    });
    this.span.end(status < 500 ? undefined : (this.#failure ?? `answered ${status}`));
    if (this.quiet && status < 400) return;
    const duration_ms = Math.round(durationMs * 1000) / 1000;
    // A connection closes in nobody's name: the line is written in that of the request.
    runAs(this, () => this.logger.info("answered", { method, path: this.path, route, status, duration_ms }));
  }
}

/** A part of a text holds on to all of it, and thousands of spans may wait: of a stranger's 16 KiB they get a copy of the beginning. */
function tracedPath(url: string, path: string): string {
  return url.length > limits.tracedPath ? Buffer.from(path.slice(0, limits.tracedPath)).toString() : path;
}

/** Of a target as clients write it to a proxy, `http://shop:8080/orders?x`, what follows the host: servers take it alike, RFC 9112, section 3.2.2. */
function originForm(target: string): string {
  const behind = target.replace(/^https?:\/\/[^/?]*/i, "");
  return behind === "" || behind.startsWith("?") ? `/${behind}` : behind;
}

/** Anything else would let a caller make as many series as it likes. */
const knownMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

function gone(): DOMException {
  return new DOMException("the caller has gone", "AbortError");
}
