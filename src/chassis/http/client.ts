import { type Clock, type Metrics, systemClock } from "#base";
import { isTrouble } from "../calls/failures.ts";
import { perform } from "../calls/perform.ts";
import type { Policy } from "../calls/policy.ts";
import type { Priority, Tracer } from "../telemetry/mod.ts";
import { limits } from "./limits.ts";
import { problem } from "./problem.ts";
import { type AnyInput, compose } from "./request.ts";
import type { CallInput, OrdinaryBody, Route, Routes } from "./route.ts";
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
  /** A bearer token for each call. */
  readonly token?: () => string | Promise<string>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
}

export interface CallOptions<Body = unknown> {
  /** How long the answer may take, all attempts together. What is left of the request that is being handled, if less. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** How much it matters. That of the request that is being handled, if nothing is said. */
  readonly priority?: Priority;
  /** Whether it may be asked twice. So it is by itself with GET, PUT and DELETE, and with the header `idempotency-key`. */
  readonly idempotent?: boolean;
  /** Calls about the same thing share it: who balances by hashing sends them to the same instance. */
  readonly affinity?: string;
  /** What serves in place of an answer when the service is in trouble or nobody was there in time. A refusal, such as 404, is an answer. */
  readonly fallback?: (error: unknown) => Body | Promise<Body>;
}

/** A function per route, typed by it. */
export type Client<Api extends Routes> = { readonly [Name in keyof Api]: Call<Api[Name]> };

/** Resolves to the body of the ordinary answer. Rejects with a `Problem` for any other: 504 when the deadline passed, 503 when nobody was there. */
export type Call<R extends Route> = (
  ...input: Record<string, never> extends CallInput<R>
    ? [input?: CallInput<R>, options?: CallOptions<OrdinaryBody<R>>]
    : [input: CallInput<R>, options?: CallOptions<OrdinaryBody<R>>]
) => Promise<OrdinaryBody<R>>;

/**
 * A client made from the routes that a service is made from. Deadline, cancellation, priority and trace of the request that is being handled travel
 * along.
 */
export function client<Api extends Routes>(api: Api, options: ClientOptions): Client<Api> {
  const send = sender(options);
  const calls = Object.entries(api).map(([name, route]) => [
    name,
    (input: AnyInput = {}, callOptions: CallOptions = {}) => call(route, input, callOptions, send, options),
  ]);
  return Object.fromEntries(calls);
}

async function call(
  route: Route,
  input: AnyInput,
  { timeoutMs = limits.answerMs, signal, priority, affinity, fallback, ...how }: CallOptions,
  send: Send,
  options: ClientOptions,
): Promise<unknown> {
  const { clock = systemClock, policy, token } = options;
  const target = `${route.method} ${options.baseUrl}${route.path}`;
  const idempotent =
    how.idempotent ?? (repeatable.has(route.method) || input.headers?.["idempotency-key"] !== undefined);
  try {
    return await perform(
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
        const shared = route.method === "GET" ? { key: () => request.key(options.baseUrl) } : {};
        return policy({ ...outgoing, ...shared }, (each) => send(request, each));
      },
    );
  } catch (error) {
    if (!fallback || signal?.aborted || !isTrouble(error)) throw error;
    return fallback(error);
  }
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
