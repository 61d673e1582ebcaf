import type { Context } from "./context.ts";

/** One line of the table: what is measured, and what it is held against. */
export interface Row {
  /** What `npm run bench -- NAME` takes. */
  readonly name: string;
  readonly what: string;
  readonly unit: Unit;
  readonly better: "less" | "more";
  readonly budget: Budget;
  /** Kubernetes 1.36.2 with etcd 3.5 on a machine of two cores, as measured for the design. */
  readonly upstream: string;
  /** What plain Node does in the same run, for those who read the ratio. */
  readonly bare: string;
  measure(context: Context): Promise<Measurement>;
}

export type Unit = "s" | "ms" | "MB" | "%" | "/s";

/** A figure in the row's unit, or so many times what plain Node does in the same run. */
export type Budget = number | { readonly timesBare: number };

export interface Measurement {
  /** The median of the rounds, unless the row says otherwise. */
  readonly value: number;
  /** The same work in plain Node, in the same run. Absent where plain Node has nothing alike. */
  readonly bare?: number;
  /** Median of the ratios round by round where there are rounds of both: the machine's moods fall out. */
  readonly ratio?: number;
  readonly rounds: readonly number[];
}

/** What was measured, from rounds that alternated between us and plain Node. */
export function measurement(rounds: readonly number[], bare: readonly number[]): Measurement {
  const ratios = rounds.flatMap((value, index) => {
    const other = bare[index];
    return other ? [value / other] : [];
  });
  return {
    value: median(rounds),
    rounds,
    ...(bare.length > 0 ? { bare: median(bare) } : {}),
    ...(ratios.length > 0 ? { ratio: median(ratios) } : {}),
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The smallest value that at least this share of all values do not exceed. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
