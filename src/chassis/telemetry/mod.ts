export { type Current, current, runAs, runForNobody } from "./current.ts";
export { durationBounds, type GoldenSignals } from "./golden-signals.ts";
export type { LineWriter } from "./log-lines.ts";
export { formatPriority, type Priority, parsePriority, priorities, priorityHeader } from "./priority.ts";
export { prometheusContentType, renderPrometheus } from "./prometheus.ts";
export { Telemetry } from "./telemetry.ts";
export { formatTraceparent, parseTraceparent, type TraceContext } from "./trace-context.ts";
export type { Attributes, Span, SpanKind, SpanOptions, Tracer } from "./tracer.ts";
