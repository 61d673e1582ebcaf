import type { LabelSelector } from "#api";

type Labels = Readonly<Record<string, string>>;

/** One condition on labels, as in label selectors and in node affinity. */
export interface Condition {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export function holds({ key, operator, values = [] }: Condition, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      throw new Error(`no such operator: ${operator}`);
  }
}

/** All conditions of a selector. */
export function conditionsOf(selector: LabelSelector): readonly Condition[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => equals(key, value));
  return [...equal, ...(selector.matchExpressions ?? [])];
}

export function equals(key: string, value: string): Condition {
  return { key, operator: "In", values: [value] };
}

/** An absent selector selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector !== undefined && conditionsOf(selector).every((condition) => holds(condition, labels));
}
