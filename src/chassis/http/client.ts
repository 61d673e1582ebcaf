import { type Clock, type Metrics, systemClock } from "#base";
import { isTrouble } from "../calls/failures.ts";
import { perform } from "../calls/perform.ts";
import type { Policy } from "../calls/policy.ts";
import type { Priority, Tracer } from "../telemetry/mod.ts";
import type { Answer } from "./answer.ts";
import { contentOf } from "./content.ts";
import { limits } from "./limits.ts";
import { problem } from "./problem.ts";
import { AnsweredProblem } from "./read-answer.ts";
import { type AnyInput, compose } from "./request.ts";
import type { CallInput, DescribedAnswer, Route, Routes, SuccessBody } from "./route.ts";
import { type Send, sender } from "./send.ts";

export interface ClientOptions {
  /** Where the service is: `http://orders:8080`. A policy may choose among several places; then this is its name. */
  readonly baseUrl: string;
  /** What calls withstand. Absent: each is tried once. */
  readonly policy?: Policy;
  /** With it each attempt is a span. The service's own is `context.tracer`. */
  readonly tracer?: Tracer;
  /** With it the durations of attempts are counted, by route and class of status. The service's own is `context.metrics`. */
  readonly metrics?: Metrics;
  /** What an answer may be at most, unless it is a stream. */
  readonly maxAnswerBytes?: number;
  /** A bearer token for each call. */
  readonly token?: () => string | Promise<string>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
}

export interface CallOptions<Instead = unknown> {
  /** How long the answer may take, all attempts together. What is left of the request that is being handled, if less. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** How much it matters. That of the request that is being handled, if nothing is said. */
  readonly priority?: Priority;
  /** Whether it may be asked twice. So it is by itself with GET, PUT and DELETE, and with the header `idempotency-key`. */
  readonly idempotent?: boolean;
  /** Calls about the same thing share it: who balances by hashing sends them to the same instance. */
  readonly affinity?: string;
  /**
   * What serves in place of an answer when the service is in trouble or nobody was there in time; it need not look like one, so that the caller can
   * tell. A refusal, such as 404, is an answer.
   */
  readonly fallback?: (error: unknown) => Instead | Promise<Instead>;
}

/** A function per route, typed by it. */
export type Client<Api extends Routes> = { readonly [Name in keyof Api]: Call<Api[Name]> };

export interface Call<R extends Route> {
  /**
   * Resolves to the body of a successful answer, or to what serves in its place. Rejects with a `Problem` for any other: 504 when the deadline passed,
   * 503 when nobody was there.
   */
  <Instead = never>(...input: InputAnd<R, CallOptions<Instead>>): Promise<SuccessBody<R> | NoInfer<Instead>>;
  /** Resolves to any answer that the route describes, with status and headers; rejects with a `Problem` for what it does not describe. */
  readonly answer: (...input: InputAnd<R, Omit<CallOptions, "fallback">>) => Promise<DescribedAnswer<R>>;
}

type InputAnd<R extends Route, Options> =
  Record<string, never> extends CallInput<R>
    ? [input?: CallInput<R>, options?: Options]
    : [input: CallInput<R>, options?: Options];

/**
 * A client made from the routes that a service is made from. Deadline, cancellation, priority and trace of the request that is being handled travel
 * along.
 */
export function client<Api extends Routes>(api: Api, options: ClientOptions): Client<Api> {
  const send = sender(options);
  const calls = Object.entries(api).map(([name, route]) => {
    const ask = (input: AnyInput = {}, how: CallOptions = {}) => call(route, input, how, send, options);
    return [
      name,
      Object.assign(
        async (input?: AnyInput, { fallback, ...how }: CallOptions = {}) =>
          ask(input, how).then(
            ({ body }) => body,
            (error) => {
              if (!fallback || how.signal?.aborted || !isTrouble(error)) throw error;
              return fallback(error);
            },
          ),
        { answer: (input?: AnyInput, how?: CallOptions) => ask(input, how).catch(described) },
      ),
    ];
  });
  return Object.fromEntries(calls);
}

function described(error: unknown): Answer {
  if (error instanceof AnsweredProblem) return error.answer;
  throw error;
}

async function call(
  route: Route,
  input: AnyInput,
  { timeoutMs = limits.answerMs, signal, priority, affinity, ...how }: CallOptions,
  send: Send,
  options: ClientOptions,
): Promise<Answer> {
  const { clock = systemClock, policy, token } = options;
  const target = `${route.method} ${route.path}`;
  const idempotent =
    how.idempotent ?? (repeatable.has(route.method) || input.headers?.["idempotency-key"] !== undefined);
  return perform(
    {
      target,
      idempotent,
      timeoutMs,
      clock,
      ...(signal ? { signal } : {}),
      ...(priority ? { priority } : {}),
      ...(affinity === undefined ? {} : { affinity }),
    },
    async (outgoing) => {
      const request = compose(route, input, token && (await tokenOf(token, target)));
      if (!policy) return send(request, outgoing);
      const shared = isShareable(route) ? { key: () => request.key(options.baseUrl) } : {};
      return policy({ ...outgoing, ...shared }, (each) => send(request, each));
    },
  );
}

/** Of a stream each gets their own: it is read once. */
function isShareable({ method, shape }: Route): boolean {
  return (
    method === "GET" && Object.values(shape.answers).every((schema) => contentOf(schema).as !== "stream")
  );
}

/** Methods that do no more when they come twice, RFC 9110, section 9.2.2. */
const repeatable: ReadonlySet<string> = new Set(["GET", "PUT", "DELETE"]);

async function tokenOf(token: () => string | Promise<string>, target: string): Promise<string> {
  try {
    return await token();
  } catch (error) {
    throw problem(503, `there is no token to call ${target} with`, { cause: error });
  }
}
