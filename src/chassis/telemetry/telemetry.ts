import type { Clock, Random } from "#base";
import { GoldenSignals } from "./golden-signals.ts";
import { type LineWriter, type Logs, logs } from "./log-lines.ts";
import { collectorsOf, type Export, startExport } from "./otlp.ts";
import { type Origin, parseAttributes } from "./otlp-shapes.ts";
import { Registry } from "./registry.ts";
import { type Sampling, Tracer } from "./tracer.ts";

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
    this.#export = startExport({
      collectors,
      tracer,
      registry,
      origin: this.#origin,
      clock,
      logger: logs.logger,
    });
    this.#export.catch((error) => logs.logger.error("telemetry cannot be exported", { error }));
  }

  /** Sends and writes what is left. */
  async close(): Promise<void> {
    const running = await this.#export?.catch(() => undefined);
    await running?.close();
    this.logs.flush();
  }
}

/** OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. Nothing, or what is not known, is `parentbased_always_on`. */
function samplingOf({
  OTEL_TRACES_SAMPLER: sampler = "",
  OTEL_TRACES_SAMPLER_ARG: argument,
}: TelemetryOptions["environment"]): Sampling {
  const kind = sampler.replace("parentbased_", "");
  const ofOthers = samplers.has(sampler) ? "here" : "beginner";
  if (kind === "always_off") return { ofOthers, ratio: 0 };
  const ratio = kind === "traceidratio" && argument ? Number(argument) : 1;
  return { ofOthers, ratio: ratio >= 0 && ratio <= 1 ? ratio : 1 };
}

/** Those that decide whoever has begun a trace. */
const samplers: ReadonlySet<string> = new Set(["always_on", "always_off", "traceidratio"]);
