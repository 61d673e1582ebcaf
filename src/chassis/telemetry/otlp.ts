import type { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { Clock, Logger, Timer } from "#base";
import { limits } from "./limits.ts";
import type { Collectors } from "./otel-environment.ts";
import { type Origin, resourceMetrics, spansAsSdk } from "./otlp-shapes.ts";
import type { Registry } from "./registry.ts";
import type { Tracer } from "./tracer.ts";

export interface ExportOptions {
  readonly collectors: Collectors;
  readonly tracer: Tracer;
  readonly registry: Registry;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Export that runs, until it is closed. */
export interface Export {
  /** Sends what waits a last time, then stops. */
  close(): Promise<void>;
}

/**
 * Sends spans and metrics to a collector over OTLP/HTTP. This file, and with it OpenTelemetry's exporters, is loaded after the service listens: they take
 * longer to load than everything else together, and what happens meanwhile waits in the tracer and the registry.
 */
export async function startExport(options: ExportOptions): Promise<Export> {
  const { collectors, clock } = options;
  const [spans, metrics] = await Promise.all([
    collectors.tracesUrl === undefined ? undefined : spanExport(collectors.tracesUrl, options),
    collectors.metricsUrl === undefined ? undefined : metricExport(collectors.metricsUrl, options),
  ]);
  const loops: Loop[] = [];
  if (spans) {
    const loop = new Loop(clock, limits.spanDelayMs, unfailing(spans, options.logger));
    options.tracer.onBatch(() => loop.hurry());
    loops.push(loop);
  }
  if (metrics) loops.push(new Loop(clock, limits.metricsIntervalMs, unfailing(metrics, options.logger)));
  return {
    close: async () => {
      const ending = Promise.all(loops.map((loop) => loop.close()));
      const gaveUp = new AbortController();
      await Promise.race([ending, clock.sleep(limits.lastExportMs, gaveUp.signal).catch(() => {})]);
      gaveUp.abort();
    },
  };
}

async function spanExport(
  url: string,
  { tracer, origin, logger }: ExportOptions,
): Promise<() => Promise<void>> {
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const exporter: OTLPTraceExporter = new OTLPTraceExporter({ url });
  return async () => {
    while (tracer.waiting > 0) {
      const batch = spansAsSdk(tracer.take(limits.spansPerExport), origin);
      await send((done) => exporter.export(batch, done), `${batch.length} spans`, logger);
    }
  };
}

async function metricExport(url: string, options: ExportOptions): Promise<() => Promise<void>> {
  const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-http");
  const exporter: OTLPMetricExporter = new OTLPMetricExporter({ url });
  const { registry, origin, clock, logger } = options;
  const startMs = clock.now();
  return () => {
    const metrics = resourceMetrics(registry.collect(), origin, { startMs, endMs: clock.now() });
    return send((done) => exporter.export(metrics, done), "metrics", logger);
  };
}

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** One request. The exporter has tried again by itself for as long as that is of use: what failed is lost, and said. */
function send(
  start: (done: (result: ExportResult) => void) => void,
  what: string,
  logger: Logger,
): Promise<void> {
  return new Promise((resolve) => {
    start(({ code, error }) => {
      if (code !== 0) logger.warn(`${what} were not taken by the collector and are lost`, { error });
      resolve();
    });
  });
}

/** What a service says of itself ends neither the service nor what it goes on to say. */
function unfailing(action: () => Promise<void>, logger: Logger): () => Promise<void> {
  return async () => {
    try {
      await action();
    } catch (error) {
      logger.error("telemetry could not be made ready for export", { error });
    }
  };
}

/** Does something again and again, with `pauseMs` in between; sooner when asked to hurry, and a last time when it is closed. */
class Loop implements Export {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #action: () => Promise<void>;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(clock: Clock, pauseMs: number, action: () => Promise<void>) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    this.#action = action;
    this.#wait();
  }

  /** Does it now, unless it is being done. */
  hurry(): void {
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
    await this.#action();
  }

  #wait(): void {
    this.#timer = this.#clock.setTimer(this.#pauseMs, () => this.hurry(), { unref: true });
  }

  async #run(): Promise<void> {
    await this.#action();
    if (!this.#closed) this.#wait();
  }
}
