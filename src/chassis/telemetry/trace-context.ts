import type { Random } from "#base";
import { limits } from "./limits.ts";

/** Where in which trace something happens, as it travels between services: W3C Trace Context, https://www.w3.org/TR/trace-context/. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether whoever began the trace wants it recorded. */
  readonly sampled: boolean;
  /** The `tracestate` header as it came; handed on unread, unless it is longer than anybody has to hand on. */
  readonly state?: string;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What the header `traceparent` says; undefined when it is absent or not well-formed, as the standard asks. */
export function parseTraceparent(header: string | undefined, state?: string): TraceContext | undefined {
  const match = header === undefined ? null : pattern.exec(header);
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...(state && state.length <= limits.traceState ? { state } : {}),
  };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

export function newTraceId(random: Random): string {
  return newSpanId(random) + newSpanId(random);
}

/** Eight random bytes as hexadecimal digits, not all zero. */
export function newSpanId(random: Random): string {
  const id = hex32(random.uint32()) + hex32(random.uint32());
  return id === "0000000000000000" ? newSpanId(random) : id;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
