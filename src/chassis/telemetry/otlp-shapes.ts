import type { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { Family } from "./registry.ts";
import type { TraceContext } from "./trace-context.ts";
import type { Attributes, FinishedSpan, SpanKind } from "./tracer.ts";

/** Who sends: OpenTelemetry's resource. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  /** More about it: what OTEL_RESOURCE_ATTRIBUTES says. */
  readonly attributes: Attributes;
}

type SdkSpans = Parameters<OTLPTraceExporter["export"]>[0];
type SdkMetrics = Parameters<OTLPMetricExporter["export"]>[0];
type SdkMetric = SdkMetrics["scopeMetrics"][number]["metrics"][number];
type HrTime = SdkSpans[number]["startTime"];

/** Our spans in the shape in which OpenTelemetry's exporter takes them. */
export function spansAsSdk(spans: readonly FinishedSpan[], origin: Origin): SdkSpans {
  const resource = resourceOf(origin);
  return spans.map((span) => ({
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => spanContext(span.context),
    ...(span.parent ? { parentSpanContext: spanContext(span.parent) } : {}),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: span.error === undefined ? { code: 0 } : { code: 2, message: span.error },
    attributes: { ...span.attributes },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }));
}

/** Our metrics in the shape in which OpenTelemetry's exporter takes them; amounts since the start of the process. */
export function resourceMetrics(
  families: readonly Family[],
  origin: Origin,
  between: { readonly startMs: number; readonly endMs: number },
): SdkMetrics {
  const times = { startTime: hrTime(between.startMs), endTime: hrTime(between.endMs) };
  const metrics = families.map((family): SdkMetric => {
    const described = {
      descriptor: { name: family.name, description: family.help, unit: unitOf(family.name), valueType: 1 },
      aggregationTemporality: 1,
    };
    if (family.type === "histogram") {
      const dataPoints = family.series.map(({ labels, counts, sum }) => ({
        ...times,
        attributes: { ...labels },
        value: {
          buckets: { boundaries: [...family.bounds], counts: [...counts] },
          sum,
          count: counts.reduce((total, count) => total + count, 0),
        },
      }));
      return { ...described, dataPointType: 0, dataPoints };
    }
    const dataPoints = family.series.map(({ labels, value }) => ({
      ...times,
      attributes: { ...labels },
      value,
    }));
    return family.type === "counter"
      ? { ...described, dataPointType: 3, isMonotonic: true, dataPoints }
      : { ...described, dataPointType: 2, dataPoints };
  });
  return { resource: resourceOf(origin), scopeMetrics: [{ scope, metrics }] };
}

/** The numbers of OpenTelemetry's `SpanKind`. */
const kinds: Readonly<Record<SpanKind, 0 | 1 | 2 | 3 | 4>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};

const scope = { name: "@nacre/chassis" };

function spanContext({ traceId, spanId }: TraceContext) {
  return { traceId, spanId, traceFlags: 1 };
}

function resourceOf({ name, version, attributes }: Origin): SdkMetrics["resource"] {
  const all = { ...attributes, "service.name": name, "service.version": version };
  const resource: SdkMetrics["resource"] = {
    attributes: all,
    merge: () => resource,
    getRawAttributes: () => Object.entries(all),
  };
  return resource;
}

function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return name.endsWith("_bytes") ? "By" : "";
}

/** Whole seconds and nanoseconds. */
function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
