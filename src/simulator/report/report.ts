/** What a scenario came to, as a program reads it (`-o json`) and as every page and table here is made from. Times are seconds since the beginning. */
export interface Report {
  readonly scenario: string;
  readonly seed: number;
  /** `2026-01-05T09:00:00.000Z`; the scenario's own time. */
  readonly start: string;
  readonly durationSeconds: number;
  /** `failed`: an expectation was missed, or something never came to rest. */
  readonly outcome: "passed" | "failed";
  readonly expectations: readonly ExpectationResult[];
  readonly firstToRunOut: Shortage | null;
  /** All that ran out, by the first time. */
  readonly shortages: readonly Shortage[];
  readonly services: readonly ServiceResult[];
  readonly pending: readonly PendingResult[];
  /** Pods that found no node, at most at one time. */
  readonly mostPending: number;
  readonly evictions: readonly EvictionResult[];
  readonly events: readonly EventResult[];
  /** What had not come to rest when the time for it was over. */
  readonly stillMoving: readonly string[];
  readonly notes: readonly string[];
  readonly capacity: CapacityResult;
  /** Equal for two runs that went the same way in every detail. */
  readonly hash: string;
}

export interface ExpectationResult {
  readonly expectation: string;
  /** `zone-loss.yaml:31:5` */
  readonly place: string;
  readonly isMet: boolean;
  /** As it was; null when there was nothing to measure. */
  readonly actual: number | null;
  /** The same for people: `99.93%`. */
  readonly actualText: string;
}

/** Something that there was not enough of. */
export interface Shortage {
  readonly atSeconds: number;
  /** `cpu`, `pods of shop/web`, `memory of shop/api` */
  readonly what: string;
  readonly message: string;
}

export interface ServiceResult {
  readonly service: string;
  /** Null when the scenario says nothing of its load: then availability is over time. */
  readonly requests: { readonly offered: number; readonly lost: number; readonly refused: number } | null;
  /** Parts of one: of everything, and what 50 %, 90 % … of the minutes reach. Null: nothing came. */
  readonly availability: Percentiles;
  /** Of what the pods can serve; null when nobody said what they can. */
  readonly utilisation: Percentiles | null;
  readonly series: ServiceSeries;
}

export interface Percentiles {
  readonly all: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly worst: number | null;
  /** When the worst minute began. */
  readonly worstAtSeconds: number | null;
}

/** One number for each of `capacity.atSeconds`' spans. */
export interface ServiceSeries {
  /** Requests per second. */
  readonly offered: readonly number[];
  readonly served: readonly number[];
  /** What the pods there could serve; null: nobody said. */
  readonly capacity: readonly number[] | null;
  /** The worst minute of each span; null: nothing came. */
  readonly availability: readonly (number | null)[];
  /** Pods that answer. */
  readonly pods: readonly number[];
}

/** Pods of one workload that found no node. */
export interface PendingResult {
  readonly workload: string;
  readonly pods: number;
  readonly longestSeconds: number;
  readonly firstAtSeconds: number;
  /** That wait at the end. */
  readonly stillPending: number;
  readonly why: string;
}

export interface EvictionResult {
  readonly workload: string;
  readonly reason: string;
  readonly pods: number;
  readonly firstAtSeconds: number;
}

export interface EventResult {
  readonly atSeconds: number;
  readonly event: string;
  readonly problem: string | null;
}

/** The cluster over time: one number for each span, which begins at its `atSeconds`. */
export interface CapacityResult {
  readonly atSeconds: readonly number[];
  readonly nodesReady: readonly number[];
  readonly podsRunning: readonly number[];
  readonly podsPending: readonly number[];
  /** Cores. */
  readonly cpuAllocatable: readonly number[];
  readonly cpuRequested: readonly number[];
  /** Bytes. */
  readonly memoryAllocatable: readonly number[];
  readonly memoryRequested: readonly number[];
  /** The most that was requested, as a part of what there was. */
  readonly mostRequested: { readonly cpu: number; readonly memory: number };
}
