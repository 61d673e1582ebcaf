import { type Clock, messageOf, type Random } from "#base";
import { current, runAs } from "./current.ts";
import { limits } from "./limits.ts";
import { newSpanId, newTraceId, type TraceContext } from "./trace-context.ts";

export type SpanKind = "server" | "client" | "producer" | "consumer" | "internal";

/** Names as in OpenTelemetry's semantic conventions: `http.route`. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Something that takes time, within a trace. */
export interface Span {
  readonly context: TraceContext;
  /** Adds to what is known about it. */
  set(attributes: Attributes): void;
  /** Ends it, once; `error` when what it stands for has failed. */
  end(error?: unknown): void;
}

/** A span that has ended. Times are milliseconds since the Unix epoch, with fractions. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What has failed, if anything has: the error itself might hold on to whatever it was about. */
  readonly error: string | undefined;
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** Absent: the span that is current. */
  readonly parent?: TraceContext;
  readonly attributes?: Attributes;
}

export interface TracerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sampling: Sampling;
  /** When false, spans have identities, for log lines and other services, and are then forgotten. */
  readonly recording: boolean;
}

/** Which traces are recorded. */
export interface Sampling {
  /** The share of traces that are, from 0 to 1. */
  readonly ratio: number;
  /**
   * Who decides of a trace that comes from elsewhere. `beginner`: whoever has begun it. `here`: the ratio alone, where it is strangers who ask and who would have
   * all of theirs recorded.
   */
  readonly ofOthers: "beginner" | "here";
}

/**
 * Makes spans and keeps those that have ended until somebody takes them. Spans ended before an exporter is loaded wait here, so that none
 * is lost to a quick start.
 */
export class Tracer {
  readonly #options: TracerOptions;
  /** Wall time when the monotonic clock was zero: within a process, spans are ordered even when the wall clock jumps. */
  readonly #epochMs: number;
  #finished: FinishedSpan[] = [];
  #dropped = 0;
  #batch = () => {};

  constructor(options: TracerOptions) {
    this.#options = options;
    this.#epochMs = options.clock.now() - options.clock.monotonicMs();
  }

  /** Begins a span. Who begins it ends it. */
  start(
    name: string,
    { kind = "internal", parent = current()?.span?.context, attributes }: SpanOptions = {},
  ): Span {
    const { random, sampling, recording } = this.#options;
    const spanId = newSpanId(random);
    const traceId = parent?.traceId ?? newTraceId(random);
    const followed = parent !== undefined && (kind !== "server" || sampling.ofOthers === "beginner");
    // Not by the trace's id, as others do: a stranger has chosen it.
    const sampled = followed ? parent.sampled : recording && random.float() < sampling.ratio;
    const context = { ...parent, traceId, spanId, sampled };
    if (!recording || !sampled) return { context, set() {}, end() {} };
    return this.#record(name, kind, context, parent, attributes);
  }

  /** Runs `action` within a span that ends with it. */
  async within<T>(
    name: string,
    action: (span: Span) => T | Promise<T>,
    options: SpanOptions = {},
  ): Promise<T> {
    const span = this.start(name, options);
    try {
      const result = await runAs({ ...current(), span }, () => action(span));
      span.end();
      return result;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  /** The oldest finished spans, at most `count`; they are the caller's from now on. */
  take(count: number): FinishedSpan[] {
    return this.#finished.splice(0, count);
  }

  /** Calls `listener` whenever so many spans wait that they fill a request to a collector. */
  onBatch(listener: () => void): void {
    this.#batch = listener;
  }

  get waiting(): number {
    return this.#finished.length;
  }

  /** Finished spans that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  #record(
    name: string,
    kind: SpanKind,
    context: TraceContext,
    parent: TraceContext | undefined,
    first: Attributes | undefined,
  ): Span {
    const { clock } = this.#options;
    const startMs = this.#epochMs + clock.monotonicMs();
    let attributes = first ?? {};
    let ended = false;
    return {
      context,
      set(more) {
        attributes = { ...attributes, ...more };
      },
      end: (error) => {
        if (ended) return;
        ended = true;
        if (this.#finished.length >= limits.waitingSpans) {
          this.#dropped += 1;
          return;
        }
        const endMs = this.#epochMs + clock.monotonicMs();
        const failure = error === undefined ? undefined : messageOf(error).slice(0, limits.spanError);
        this.#finished.push({ name, kind, context, parent, startMs, endMs, attributes, error: failure });
        if (this.#finished.length % limits.spansPerExport === 0) this.#batch();
      },
    };
  }
}
