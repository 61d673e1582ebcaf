import { type Clock, systemClock } from "#base";
import { current, formatTraceparent, type Span, type Tracer } from "../telemetry/mod.ts";
import { deadlineHeader } from "./deadline.ts";
import { limits } from "./limits.ts";
import { Problem, type ProblemDocument, problem, problemContentType } from "./problem.ts";
import type { CallInput, OrdinaryBody, Route, Routes } from "./route.ts";

export interface ClientOptions {
  /** Where the service is: `http://orders:8080`. */
  readonly baseUrl: string;
  /** With it each call is a span. The service's own is `context.tracer`. */
  readonly tracer?: Tracer;
  /** A bearer token for each call. */
  readonly token?: () => string | Promise<string>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** How long the answer may take. What is left of the request that is being handled, if less. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A function per route, typed by it. */
export type Client<Api extends Routes> = { readonly [Name in keyof Api]: Call<Api[Name]> };

/** Resolves to the body of the ordinary answer. Rejects with a `Problem` for any other: 504 when the deadline passed, 503 when nobody was there. */
export type Call<R extends Route> = (
  ...input: Record<string, never> extends CallInput<R>
    ? [input?: CallInput<R>, options?: CallOptions]
    : [input: CallInput<R>, options?: CallOptions]
) => Promise<OrdinaryBody<R>>;

/**
 * A client made from the routes that a service is made from. Deadline, cancellation and trace of the request that is being handled travel along.
 */
export function client<Api extends Routes>(api: Api, options: ClientOptions): Client<Api> {
  const calls = Object.entries(api).map(([name, route]) => [
    name,
    (input: AnyInput = {}, callOptions: CallOptions = {}) => call(route, input, callOptions, options),
  ]);
  return Object.fromEntries(calls);
}

/** A call's input once its type has done its work. */
interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

async function call(
  route: Route,
  input: AnyInput,
  how: CallOptions,
  options: ClientOptions,
): Promise<unknown> {
  const { clock = systemClock, tracer } = options;
  const target = `${route.method} ${options.baseUrl}${route.path}`;
  const around = current();
  const left =
    around?.deadlineMs === undefined ? Number.POSITIVE_INFINITY : around.deadlineMs - clock.monotonicMs();
  const timeoutMs = Math.min(how.timeoutMs ?? limits.answerMs, left);
  const late = () =>
    problem(504, `${target} was not answered within ${Math.max(0, Math.ceil(timeoutMs))} ms`);
  if (timeoutMs <= 0) throw late();
  const deadline = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => deadline.abort(late()));
  const signals = [deadline.signal, how.signal, around?.signal].filter((signal) => signal !== undefined);
  const span = tracer?.start(route.method, { kind: "client", attributes: { "url.template": route.path } });
  try {
    const result = await send(route, input, { timeoutMs, span, signal: AbortSignal.any(signals) }, options);
    span?.end();
    return result;
  } catch (error) {
    span?.end(error);
    if (error instanceof Problem || signals.some((signal) => signal.aborted)) throw error;
    throw problem(503, `${target} could not be reached`, { cause: error });
  } finally {
    timer.cancel();
  }
}

interface Sending {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly span: Span | undefined;
}

async function send(
  route: Route,
  { params = {}, query = {}, headers = {}, body }: AnyInput,
  { timeoutMs, signal, span }: Sending,
  options: ClientOptions,
): Promise<unknown> {
  const context = (span ?? current()?.span)?.context;
  const token = await options.token?.();
  const answer = await (options.fetch ?? fetch)(urlOf(options.baseUrl, route.path, params, query), {
    method: route.method,
    signal,
    headers: {
      accept: `application/json, ${problemContentType}`,
      [deadlineHeader]: String(Math.ceil(timeoutMs)),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(context ? { traceparent: formatTraceparent(context) } : {}),
      ...(context?.state ? { tracestate: context.state } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = answer.headers.get("content-type") ?? "";
  const text = await answer.text();
  if (answer.ok) return text === "" ? undefined : JSON.parse(text);
  if (type.startsWith(problemContentType)) throw problemOf(JSON.parse(text));
  throw problem(
    answer.status,
    `${route.method} ${route.path} was answered ${answer.status}, without a problem document`,
  );
}

function problemOf({ status, detail, type, title, errors }: ProblemDocument): Problem {
  return problem(status, detail, { type, title, ...(errors ? { errors } : {}) });
}

function urlOf(
  baseUrl: string,
  path: string,
  params: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) search.append(name, String(each));
  }
  return `${baseUrl.replace(/\/$/, "")}${filled}${search.size > 0 ? `?${search}` : ""}`;
}
