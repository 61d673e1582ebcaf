import type { IncomingMessage } from "node:http";
import { type Clock, type Metrics, silentMetrics } from "#base";
import {
  durationBounds,
  formatTraceparent,
  parseTraceparent,
  type Span,
  type Tracer,
} from "../../telemetry/mod.ts";

export interface RouterTelemetryOptions {
  readonly clock: Clock;
  readonly metrics?: Metrics;
  /** Absent: what a request says of its trace is passed on as it came. */
  readonly tracer?: Tracer;
}

export type TraceHeaders = Readonly<Record<string, string | undefined>>;

/** What the router says of one request. */
export interface Told {
  service: string;
  /** Begins an attempt; what the instance is told of the trace, in place of what the request says. */
  attempt(place: string): { readonly headers: TraceHeaders; ended(how: string): void };
  ended(status: number): void;
}

/** Spans and metrics of a router: a span for each request, with one for each attempt within. */
export class RouterTelemetry {
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;
  readonly #durations;
  readonly #attempts;
  readonly #active;
  #inFlight = 0;

  constructor({ clock, metrics = silentMetrics, tracer }: RouterTelemetryOptions) {
    this.#clock = clock;
    this.#tracer = tracer;
    this.#durations = metrics.histogram(
      "router_request_duration_seconds",
      "From a request's headers to the end of its answer, by service and class of status.",
      durationBounds,
    );
    this.#attempts = metrics.counter(
      "router_attempts_total",
      "Instances that were asked, by service and how that went.",
    );
    this.#active = metrics.gauge("router_active_requests", "Requests and tunnels under way.");
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  began({ method = "GET", headers }: IncomingMessage): Told {
    const startedMs = this.#clock.monotonicMs();
    const { traceparent, tracestate } = headers as Readonly<Record<string, string | undefined>>;
    const parent = parseTraceparent(traceparent, tracestate);
    const span = this.#tracer?.start(method, { kind: "server", ...(parent ? { parent } : {}) });
    this.#count(1);
    const told: Told = {
      service: "none",
      attempt: (place) => this.#attempt(told.service, method, place, span),
      ended: (status) => {
        this.#count(-1);
        const labels = { service: told.service, http_response_status_class: `${Math.floor(status / 100)}xx` };
        this.#durations.observe((this.#clock.monotonicMs() - startedMs) / 1000, labels);
        span?.set({ "http.request.method": method, "http.response.status_code": status });
        span?.end(status < 500 ? undefined : `answered ${status}`);
      },
    };
    return told;
  }

  #attempt(service: string, method: string, place: string, around: Span | undefined) {
    const attributes = { "server.address": place };
    const span =
      around && this.#tracer?.start(method, { kind: "client", parent: around.context, attributes });
    return {
      headers: span ? { traceparent: formatTraceparent(span.context), tracestate: span.context.state } : {},
      ended: (how: string) => {
        this.#attempts.add(1, { service, outcome: how });
        span?.end(how === "answered" || how === "gone" ? undefined : how);
      },
    };
  }

  #count(more: 1 | -1): void {
    this.#inFlight += more;
    this.#active.set(this.#inFlight);
  }
}
