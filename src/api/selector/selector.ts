import { type Labels, meets, type Requirement } from "./requirement.ts";

/** A compiled label selector. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** Whether every requirement holds. */
  matches(labels: Labels | undefined): boolean;
  /** Labels that a match must have, key to value: what an index can be asked for. */
  readonly exact: ReadonlyMap<string, string>;
  /** True when it selects every object. */
  readonly isEverything: boolean;
}

export const everything: Selector = {
  requirements: [],
  matches: () => true,
  exact: new Map(),
  isEverything: true,
};

/** What an absent selector selects in `LabelSelector` form. */
export const nothing: Selector = {
  requirements: [],
  matches: () => false,
  exact: new Map(),
  isEverything: false,
};

export function compileSelector(requirements: readonly Requirement[]): Selector {
  if (requirements.length === 0) return everything;
  const exact = new Map<string, string>();
  const others: Requirement[] = [];
  for (const requirement of requirements) {
    const [value] = requirement.values;
    const isEquality =
      requirement.operator === "In" && requirement.values.length === 1 && value !== undefined;
    if (isEquality && !exact.has(requirement.key)) exact.set(requirement.key, value);
    else others.push(requirement);
  }
  const pairs = [...exact];
  return {
    requirements,
    exact,
    isEverything: false,
    matches(labels) {
      for (const [key, value] of pairs) {
        if (labels === undefined || labels[key] !== value) return false;
      }
      for (const requirement of others) if (!meets(labels, requirement)) return false;
      return true;
    },
  };
}

/** The string form, as in a query: `app=web,tier in (a,b),!old`. */
export function formatSelector(selector: Pick<Selector, "requirements">): string {
  return selector.requirements.map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const sorted = [...values].sort();
  switch (operator) {
    case "In":
      return sorted.length === 1 ? `${key}=${sorted[0]}` : `${key} in (${sorted.join(",")})`;
    case "NotIn":
      return sorted.length === 1 ? `${key}!=${sorted[0]}` : `${key} notin (${sorted.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    case "Gt":
      return `${key}>${sorted[0]}`;
    case "Lt":
      return `${key}<${sorted[0]}`;
  }
}
