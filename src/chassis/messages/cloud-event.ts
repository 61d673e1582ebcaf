/**
 * A CloudEvents 1.0 event (cloudevents.io) as it stands in JSON. Attributes that are not listed are extensions: names
 * of lower-case letters and digits, values of text. They travel along unchanged.
 */
export interface CloudEvent<Data = unknown> {
  readonly specversion: "1.0";
  /** With `source` it names the event: two events with both alike are one event, sent twice. */
  readonly id: string;
  /** What it happened in: `/orders`. */
  readonly source: string;
  /** What happened, in the past tense: `order.placed`. */
  readonly type: string;
  /** RFC 3339. */
  readonly time: string;
  /** Whom it is about, within the source: an order's id. */
  readonly subject?: string;
  readonly datacontenttype?: "application/json";
  readonly data?: Data;
  /** Partitioning extension: events that share a key arrive in the order in which they were sent. */
  readonly partitionkey: string;
  /** Extension of ours: no subscriber sees the event before (RFC 3339). */
  readonly notbefore?: string;
  /** Distributed tracing extension: the W3C trace context that this is part of. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly [extension: string]: unknown;
}
