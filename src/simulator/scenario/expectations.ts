import { type Located, unknown } from "./located.ts";
import { namespacedName, text } from "./scalars.ts";
import type { Expectation, Measure, Over } from "./scenario.ts";

/** What an expectation may speak of. */
export interface ExpectationContext {
  readonly services: readonly string[];
  /** False: some objects could not be read, so that a service which is not there may yet exist. */
  readonly isComplete: boolean;
  readonly namespaces: readonly string[];
}

const overs: readonly Over[] = ["all", "p50", "p90", "p95", "p99", "worst"];
const percent = new Set(["availability", "utilisation", "requested"]);
const measures = ["availability", "utilisation", "requested", "pending", "evictions"];

/** Lines such as `availability(shop/web) >= 99.9%`. */
export function expectations(list: readonly Located[], context: ExpectationContext): Expectation[] {
  return list.flatMap((value) => expectation(value, context) ?? []);
}

function expectation(value: Located, context: ExpectationContext): Expectation | undefined {
  const written = text(value);
  if (written === undefined) return undefined;
  const match = /^\s*(\w+)\s*\(([^)]*)\)\s*(>=|<=|==|>|<)\s*([\d.]+)\s*(%?)\s*$/.exec(written);
  if (!match) {
    return value.complain(
      `"${written}" is no expectation; write availability(shop/web) >= 99.9% (measures: ${measures.join(", ")})`,
    );
  }
  const [, name = "", inside = "", comparison, number, sign] = match;
  const words = inside === "" ? [] : inside.split(",").map((word) => word.trim());
  const measure = measureOf(value, name, words, context);
  if (!measure) return undefined;
  const isPercent = percent.has(name);
  if (isPercent !== (sign === "%")) {
    return value.complain(`${name}(…) is compared with ${isPercent ? "a percentage: 99.9%" : "a number: 0"}`);
  }
  const amount = Number(number) / (isPercent ? 100 : 1);
  if (!Number.isFinite(amount) || (name === "availability" && amount > 1)) {
    return value.complain(`${number}${sign} cannot be; an availability lies between 0% and 100%`);
  }
  return {
    text: written.trim(),
    place: value.place,
    measure,
    comparison: comparison as Expectation["comparison"],
    value: amount,
  };
}

function measureOf(
  value: Located,
  name: string,
  words: readonly string[],
  { services, namespaces, isComplete }: ExpectationContext,
): Measure | undefined {
  const [first, second] = words;
  const refuse = (usage: string) => value.complain(`${name} is written ${usage}`);
  switch (name) {
    case "availability":
    case "utilisation": {
      if (first === undefined || words.length > 2)
        return refuse(`${name}(shop/web) or ${name}(shop/web, p99)`);
      const service = namespacedName(first);
      if (!services.includes(service) && isComplete)
        return value.complain(unknown("service", first, services));
      const over = (second ?? "all") as Over;
      if (!overs.includes(over)) return value.complain(unknown("percentile", over, overs));
      return { of: name, service, over };
    }
    case "requested":
      if (words.length !== 1 || (first !== "cpu" && first !== "memory")) {
        return refuse("requested(cpu) or requested(memory)");
      }
      return { of: "requested", resource: first };
    case "pending":
      return words.length > 0 ? refuse("pending()") : { of: "pending" };
    case "evictions":
      if (words.length > 1) return refuse("evictions() or evictions(NAMESPACE)");
      if (first !== undefined && !namespaces.includes(first) && isComplete) {
        return value.complain(unknown("namespace", first, namespaces));
      }
      return { of: "evictions", namespace: first };
    default:
      return value.complain(unknown("measure", name, measures));
  }
}
