import { systemClock } from "#base";
import { derivedSignal } from "../calls/derived-signal.ts";
import type { OutgoingCall } from "../calls/policy.ts";
import {
  current,
  durationBounds,
  formatPriority,
  formatTraceparent,
  priorityHeader,
  type Span,
} from "../telemetry/mod.ts";
import type { Answer } from "./answer.ts";
import type { ClientOptions } from "./client.ts";
import { deadlineHeader } from "./deadline.ts";
import { limits } from "./limits.ts";
import { Problem, problem } from "./problem.ts";
import { type RawAnswer, readAnswer } from "./read-answer.ts";
import type { ComposedRequest } from "./request.ts";

/** Makes one attempt at a call: resolves to its answer when that is one to go on with, or rejects with the problem that it is. */
export type Send = (request: ComposedRequest, call: OutgoingCall) => Promise<Answer>;

export function sender(options: ClientOptions): Send {
  const { metrics, clock = systemClock } = options;
  if (!metrics) return (request, call) => attempt(request, call, options);
  const durations = metrics.histogram(
    "http_client_request_duration_seconds",
    "From an attempt at a call to the end of its answer, by route and class of status; error: there was no answer.",
    durationBounds,
  );
  return async (request, call) => {
    const startedMs = clock.monotonicMs();
    let status = 0;
    try {
      return await attempt(request, call, options, (answered) => {
        status = answered;
      });
    } finally {
      durations.observe((clock.monotonicMs() - startedMs) / 1000, {
        http_request_method: request.route.method,
        url_template: request.route.path,
        server_address: options.baseUrl,
        http_response_status_class: status === 0 ? "error" : `${Math.floor(status / 100)}xx`,
      });
    }
  };
}

async function attempt(
  request: ComposedRequest,
  call: OutgoingCall,
  options: ClientOptions,
  answered: (status: number) => void = () => {},
): Promise<Answer> {
  const { method, path } = request.route;
  const baseUrl = (call.place ?? options.baseUrl).replace(/\/$/, "");
  const resent = call.attempt > 1 ? { "http.request.resend_count": call.attempt - 1 } : {};
  const span = options.tracer?.start(method, {
    kind: "client",
    attributes: { "url.template": path, "server.address": baseUrl, ...resent },
  });
  const { signal, release } = derivedSignal(call.signal);
  try {
    const raw = await fetchAnswer(`${baseUrl}${request.path}`, request, { ...call, signal }, span, options);
    span?.set({ "http.response.status_code": raw.status });
    answered(raw.status);
    const answer = await readAnswer(request.route, raw, options.maxAnswerBytes ?? limits.maxAnswerBytes);
    span?.end();
    return answer;
  } catch (error) {
    const shown = error instanceof Problem || call.signal.aborted ? error : unreached(call, error);
    span?.end(shown);
    throw shown;
  } finally {
    // What comes later of a stream is not the call's any more: who reads it lets go of it.
    release();
  }
}

function unreached({ target }: OutgoingCall, cause: unknown): Problem {
  return problem(503, `${target} could not be reached`, { cause });
}

async function fetchAnswer(
  url: string,
  { route, headers, body }: ComposedRequest,
  call: OutgoingCall,
  span: Span | undefined,
  options: ClientOptions,
): Promise<RawAnswer> {
  const { clock = systemClock, fetch: ask = fetch } = options;
  const context = (span ?? current()?.span)?.context;
  const leftMs = Math.max(0, Math.ceil(call.deadlineMs - clock.monotonicMs()));
  return ask(url, {
    method: route.method,
    redirect: "manual",
    signal: call.signal,
    headers: {
      ...(Number.isFinite(leftMs) ? { [deadlineHeader]: String(leftMs) } : {}),
      ...(call.priority === "normal" ? {} : { [priorityHeader]: formatPriority(call.priority) }),
      ...(context ? { traceparent: formatTraceparent(context) } : {}),
      ...(context?.state ? { tracestate: context.state } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}
