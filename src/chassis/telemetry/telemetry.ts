import type { Clock, Random } from "#base";
import { GoldenSignals } from "./golden-signals.ts";
import { type LineWriter, type Logs, logs } from "./log-lines.ts";
import { collectorsOf, parseAttributes, samplingOf } from "./otel-environment.ts";
import type { Export } from "./otlp.ts";
import type { Origin } from "./otlp-shapes.ts";
import { Registry } from "./registry.ts";
import { Tracer } from "./tracer.ts";

export interface TelemetryOptions {
  readonly name: string;
  readonly version: string;
  /** OpenTelemetry's variables: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER_ARG. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: LineWriter;
  readonly clock: Clock;
  readonly random: Random;
}

/** What one service says of itself: lines, spans and metrics. Works from the first moment; export begins when it is asked to. */
export class Telemetry {
  readonly logs: Logs;
  readonly registry: Registry = new Registry();
  readonly signals: GoldenSignals = new GoldenSignals(this.registry);
  readonly tracer: Tracer;
  readonly #options: TelemetryOptions;
  readonly #origin: Origin;
  #export: Promise<Export> | undefined;

  constructor(options: TelemetryOptions) {
    const { environment, clock, random, output, version } = options;
    // An empty variable is as none, says OpenTelemetry.
    const name = environment.OTEL_SERVICE_NAME || options.name;
    this.#options = options;
    this.#origin = { name, version, attributes: parseAttributes(environment.OTEL_RESOURCE_ATTRIBUTES) };
    this.logs = logs({ clock, output, service: name });
    const recording = collectorsOf(environment).tracesUrl !== undefined;
    this.tracer = new Tracer({ clock, random, recording, sampling: samplingOf(environment) });
    this.registry.measured(
      "counter",
      "otel_spans_dropped_total",
      "Spans that found no room to wait for export.",
      () => [{ labels: {}, value: this.tracer.dropped }],
    );
  }

  /** Begins to send to where the environment says, if it says anything. Returns at once. */
  export(): void {
    const { environment, clock } = this.#options;
    const collectors = collectorsOf(environment);
    if (!collectors.tracesUrl && !collectors.metricsUrl) return;
    const { tracer, registry, logs } = this;
    const origin = this.#origin;
    this.#export = import("./otlp.ts").then(({ startExport }) =>
      startExport({ collectors, tracer, registry, origin, clock, logger: logs.logger }),
    );
    this.#export.catch((error) => logs.logger.error("telemetry cannot be exported", { error }));
  }

  /** Sends and writes what is left. */
  async close(): Promise<void> {
    const running = await this.#export?.catch(() => undefined);
    await running?.close();
    this.logs.flush();
  }
}
