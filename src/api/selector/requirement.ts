/** One condition of a label selector. `values` is empty for Exists and DoesNotExist. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** Whether labels meet one requirement. `NotIn` holds for an absent key, as in Kubernetes. */
export function meets(labels: Labels | undefined, requirement: Requirement): boolean {
  const value =
    labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compares(value, requirement.values[0], (a, b) => a > b);
    case "Lt":
      return compares(value, requirement.values[0], (a, b) => a < b);
  }
}

function compares(
  value: string | undefined,
  bound: string | undefined,
  holds: (a: bigint, b: bigint) => boolean,
): boolean {
  if (value === undefined || bound === undefined) return false;
  if (!isInteger(value) || !isInteger(bound)) return false;
  return holds(BigInt(value), BigInt(bound));
}

export function isInteger(text: string): boolean {
  return /^-?\d{1,19}$/.test(text);
}
