/** What telemetry bounds. */
export const limits = {
  /** Finished spans that wait for export: a second of 8,000 requests, about 4 MB. What comes on top is counted, not kept. */
  waitingSpans: 8192,
  /** Spans in one request to a collector: the size that OpenTelemetry's own processor uses. */
  spansPerExport: 512,
  /** Letters of what a span says has failed. */
  spanError: 1024,
  /** How long a finished span waits for company when a request to a collector does not fill sooner. */
  spanDelayMs: 5000,
  /** How often metrics are sent, as OpenTelemetry's default. */
  metricsIntervalMs: 60_000,
  /** What a collector may take for the last export of a service that ends. */
  lastExportMs: 3000,
  /** Time series of one metric. Beyond it, a label holds something unbounded, such as an id: the rest is counted in one series. */
  seriesPerMetric: 2000,
  /** Letters of a `tracestate`: what everybody has to hand on, https://www.w3.org/TR/trace-context/#tracestate-limits. A stranger's 16 KiB go no further. */
  traceState: 512,
  /** Errors behind an error that a log line tells with their stacks, one behind the other. */
  loggedCauses: 5,
  /** Errors beside one another that it tells, of an AggregateError. */
  loggedErrors: 10,
} as const;
