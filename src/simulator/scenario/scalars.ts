import { amountOf, tryParseQuantity } from "#api";
import type { Range } from "../time/seeds.ts";
import type { Located } from "./located.ts";
import { escaped } from "./mistakes.ts";

/** Small values of a scenario. Each answers undefined when the text is something else, and says what is allowed. */

export function text(value: Located): string | undefined {
  const { scalar } = value;
  if (typeof scalar === "string" && escaped(scalar) !== scalar) {
    return value.complain(`${shown(value)} has control characters in it, which a text cannot have here`);
  }
  if (scalar !== undefined && String(scalar).trim() !== "") return String(scalar);
  return value.complain("a text is needed here");
}

export function count(value: Located, least = 0, most = 100_000): number | undefined {
  const { scalar } = value;
  if (typeof scalar === "number" && Number.isInteger(scalar) && scalar >= least && scalar <= most)
    return scalar;
  return value.complain(`a whole number from ${least} to ${most} is needed here, not ${shown(value)}`);
}

export function amount(value: Located, least = 0, most = 1e9): number | undefined {
  const { scalar } = value;
  if (typeof scalar === "number" && scalar >= least && scalar <= most) return scalar;
  return value.complain(`a number from ${least} to ${most} is needed here, not ${shown(value)}`);
}

/** A Kubernetes quantity above zero, in the unit of `ResourceAmounts`: `cpu` in thousandths of a core, else the whole. */
export function quantity(value: Located, resource: "cpu" | "memory"): number | undefined {
  const { scalar } = value;
  const examples = resource === "cpu" ? "4 or 500m" : "16Gi or 512Mi";
  const isWord = typeof scalar === "string" || typeof scalar === "number";
  if (!isWord || !tryParseQuantity(scalar)) {
    return value.complain(`${shown(value)} is no quantity; write ${resource} as ${examples}`);
  }
  const found = amountOf(resource, scalar);
  if (found > Number.MAX_SAFE_INTEGER) {
    return value.complain(
      `${shown(value)} cannot be: no machine and no pod has so much; write ${resource} as ${examples}`,
    );
  }
  if (found > 0) return found;
  return value.complain(
    `${shown(value)} cannot be: a machine or a pod has more than nothing, as ${examples}`,
  );
}

/** `90s`, `15m`, `2h30m`, `3d`; in milliseconds. */
export function duration(value: Located): number | undefined {
  const found = durationOf(String(value.scalar ?? ""));
  if (found !== undefined) return found;
  return value.complain(`${shown(value)} is no duration; write 90s, 15m, 2h30m or 3d`);
}

/** `15s`, or from the least to the most: `15s..40s`. */
export function durationRange(value: Located): Range | undefined {
  const [least, most = least] = String(value.scalar ?? "").split("..");
  const range = [durationOf(least ?? ""), durationOf(most ?? "")] as const;
  if (range[0] !== undefined && range[1] !== undefined && range[0] <= range[1]) return [range[0], range[1]];
  return value.complain(`${shown(value)} is neither a duration (20s) nor a range of them (15s..40s)`);
}

/** `14:30` or `14:30:15`, in milliseconds since midnight. */
export function timeOfDay(written: string): number | undefined {
  const match = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(written);
  if (!match) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** `shop/web`; without a namespace `default`. */
export function namespacedName(written: string): string {
  return written.includes("/") ? written : `default/${written}`;
}

export function shown(value: Located): string {
  return value.scalar === undefined ? "a map or a list" : `"${value.scalar}"`;
}

function durationOf(written: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(written)) return undefined;
  let total = 0;
  for (const [, number, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(number) * (unitMs[unit ?? ""] ?? 0);
  }
  return total;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
