import type { ApiRequest, ApiResponse, Transport } from "#api";
import { ApiError, type Clock, isAborted, messageOf, type Random, whenAborted } from "#base";
import { backoffMs } from "./backoff.ts";
import { requestAttempts, requestTimeoutMs, retryAfterMaxMs, retryBaseMs, retryMaxMs } from "./limits.ts";
import { connectionFailed, errorFromStatus, errorFromText, type StatusBody, wasNeverSent } from "./status.ts";

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
  /** See `ClientOptions`. */
  readonly parseEvent?: ((line: string) => unknown) | undefined;
}

export interface Call {
  readonly method: ApiRequest["method"];
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Requests and answers as JSON, with errors as `ApiError`. Sends again what is safe to send again: anything that the
 * server refused for now (429) or never saw, and reads that got no answer. A write that may have happened is never repeated.
 */
export class Exchange {
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** One answer, parsed: JSON, or text where the server sends text. */
  async answer<T>(call: Call): Promise<T> {
    const { clock, random } = this.#options;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.#once(call, body)) as T;
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason;
        const pauseMs = pauseBeforeRetry(error, call.method, attempt, random);
        if (pauseMs === undefined) throw error;
        await clock.sleep(pauseMs, call.signal);
      }
    }
  }

  /** An answer as a stream, its status checked. Not repeated: whoever streams has a way to resume. */
  async stream(call: Call): Promise<ApiResponse> {
    const response = await this.#send(call, undefined, call.signal);
    if (response.status >= 400) throw errorOf(await parsed(response), response.status, call);
    return response;
  }

  /** One event of a watch. */
  event(line: string): unknown {
    return this.#options.parseEvent?.(line) ?? JSON.parse(line);
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  async #once(call: Call, body: Uint8Array | undefined): Promise<unknown> {
    const { clock } = this.#options;
    const ended = new AbortController();
    const late = () =>
      ended.abort(new ApiError("Timeout", `${attempted(call)} had no answer in ${requestTimeoutMs} ms`));
    const timer = clock.setTimer(requestTimeoutMs, late, { unref: true });
    const given = call.signal;
    const stop = () => ended.abort(given?.reason);
    if (given?.aborted) stop();
    const release = given && whenAborted(given, stop);
    try {
      const response = await this.#send(call, body, ended.signal);
      const answer = await parsed(response);
      if (response.status >= 400) throw errorOf(answer, response.status, call);
      return answer;
    } catch (error) {
      throw ended.signal.aborted ? ended.signal.reason : asApiError(error, call);
    } finally {
      timer.cancel();
      release?.();
    }
  }

  #send(call: Call, body: Uint8Array | undefined, signal: AbortSignal | undefined): Promise<ApiResponse> {
    const headers: Record<string, string> = {
      accept: call.accept ?? "application/json",
      "user-agent": this.#options.userAgent,
    };
    if (body) headers["content-type"] = call.contentType ?? "application/json";
    return this.#options.transport.request({
      method: call.method,
      path: call.path,
      headers,
      ...(body ? { body } : {}),
      ...(signal ? { signal } : {}),
    });
  }
}

/** Undefined when the error is final. */
function pauseBeforeRetry(
  error: unknown,
  method: string,
  attempt: number,
  random: Random,
): number | undefined {
  if (attempt >= requestAttempts || !(error instanceof ApiError)) return undefined;
  const refused = error.reason === "TooManyRequests" || wasNeverSent(error);
  const unansweredRead = method === "GET" && error.reason === "ServiceUnavailable";
  if (!refused && !unansweredRead) return undefined;
  const askedMs = (error.details?.retryAfterSeconds ?? 0) * 1000;
  if (askedMs > retryAfterMaxMs) return undefined;
  return Math.max(askedMs, backoffMs(attempt - 1, { baseMs: retryBaseMs, maxMs: retryMaxMs }, random));
}

/** Reads a body to its end: parsed when it is JSON, else as text. */
async function parsed(response: ApiResponse): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  const text = decoded(chunks);
  if (!text || !response.headers["content-type"]?.includes("json")) return text;
  return JSON.parse(text);
}

/** For what is whole: it keeps nothing from one to the next. */
const wholeDecoder = new TextDecoder();

function decoded(chunks: readonly Uint8Array[]): string {
  if (chunks.length === 1) return wholeDecoder.decode(chunks[0]);
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}

function errorOf(answer: unknown, code: number, call: Call): ApiError {
  if (typeof answer === "object" && answer !== null) {
    return errorFromStatus(answer as StatusBody, code, attempted(call));
  }
  return errorFromText(String(answer), code, attempted(call));
}

function asApiError(error: unknown, call: Call): unknown {
  if (error instanceof ApiError || isAborted(error)) return error;
  return connectionFailed(`${attempted(call)} failed: ${messageOf(error)}`, { sent: true, cause: error });
}

function attempted(call: Call): string {
  return `${call.method} ${call.path}`;
}
