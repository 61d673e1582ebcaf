import type { Expectation } from "../scenario/scenario.ts";
import { percent } from "./format.ts";
import type { CapacityResult, EvictionResult, ExpectationResult, ServiceResult } from "./report.ts";

/** What expectations are about. */
export interface Measured {
  readonly services: readonly ServiceResult[];
  readonly capacity: CapacityResult;
  readonly evictions: readonly EvictionResult[];
  readonly mostPending: number;
}

/** Whether what was expected has come true. What could not be measured has not. Pure. */
export function judge(
  expectation: Expectation,
  measured: Measured,
): Pick<ExpectationResult, "isMet" | "actual" | "actualText"> {
  const actual = measure(expectation, measured);
  if (actual === null) return { isMet: false, actual, actualText: "nothing to measure" };
  const isPercent = expectation.measure.of !== "pending" && expectation.measure.of !== "evictions";
  return {
    isMet: holds(actual, expectation),
    actual,
    actualText: isPercent ? percent(actual) : String(actual),
  };
}

function measure(
  { measure: asked }: Expectation,
  { services, capacity, evictions, mostPending }: Measured,
): number | null {
  switch (asked.of) {
    case "availability":
    case "utilisation":
      return services.find(({ service }) => service === asked.service)?.[asked.of]?.[asked.over] ?? null;
    case "requested":
      return capacity.mostRequested[asked.resource];
    case "pending":
      return mostPending;
    case "evictions":
      return evictions
        .filter(({ workload }) => !asked.namespace || workload.startsWith(`${asked.namespace}/`))
        .reduce((total, { pods }) => total + pods, 0);
  }
}

function holds(actual: number, { comparison, value }: Expectation): boolean {
  switch (comparison) {
    case ">=":
      return actual >= value;
    case "<=":
      return actual <= value;
    case ">":
      return actual > value;
    case "<":
      return actual < value;
    case "==":
      return actual === value;
  }
}
