import { limits } from "./limits.ts";

/** The scenario cut into equal spans of whole minutes, few enough to draw. */
export interface Spans {
  readonly seconds: number;
  readonly count: number;
}

export function spansOf(durationMs: number): Spans {
  const minutes = Math.ceil(durationMs / 60_000);
  const perSpan = Math.ceil(minutes / limits.spans);
  return { seconds: perSpan * 60, count: Math.ceil(minutes / perSpan) };
}

/** The items of each span, given one item per minute. */
export function bySpan<T>(minutes: readonly T[], { seconds, count }: Spans): T[][] {
  const perSpan = seconds / 60;
  return Array.from({ length: count }, (_, index) => minutes.slice(index * perSpan, (index + 1) * perSpan));
}
