import type { Percentiles } from "./report.ts";

/** What one minute came to. */
export interface Minute {
  readonly atSeconds: number;
  readonly value: number;
}

/**
 * `p99` is what 99 % of the minutes are at least as good as: where more is better the value that they reach, where less is better
 * the value that they do not exceed. Pure.
 */
export function percentiles(
  all: number | null,
  minutes: readonly Minute[],
  better: "more" | "less",
): Percentiles {
  const sign = better === "more" ? -1 : 1;
  const byGoodness = [...minutes].sort((a, b) => sign * (a.value - b.value));
  const at = (part: number) =>
    byGoodness[Math.min(byGoodness.length - 1, Math.ceil(part * byGoodness.length) - 1)]?.value ?? null;
  const last = byGoodness.at(-1);
  // Of many that are equally bad the first one.
  const worst = byGoodness.find(({ value }) => value === last?.value);
  return {
    all,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    worst: worst?.value ?? null,
    worstAtSeconds: worst?.atSeconds ?? null,
  };
}
