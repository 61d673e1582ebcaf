import type { NodeSelectorRequirement } from "#api";
import { wholeNumber } from "./whole-number.ts";

/** Labels that a node would get, or lose (null). */
export type Relabelling = Readonly<Record<string, string | null>>;

type Labels = Readonly<Record<string, string>>;

/** What a node says of itself: it says so again. */
const ownLabels: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);

/** Whether people may give a node another value of this label. */
export function isChangeable(key: string): boolean {
  return !ownLabels.has(key);
}

/** What of a node's labels would have to change for these requirements to hold together; undefined when no labels would do. Pure. */
export function relabellingFor(
  requirements: readonly NodeSelectorRequirement[],
  labels: Labels,
): Relabelling | undefined {
  const changes: Record<string, string | null> = {};
  const now = new Map(Object.entries(labels));
  for (const requirement of requirements) {
    const { key } = requirement;
    if (holds(requirement, now.get(key))) continue;
    const value = valueFor(requirement);
    if (value === undefined || !isChangeable(key)) return undefined;
    changes[key] = value;
    if (value === null) now.delete(key);
    else now.set(key, value);
  }
  // What one asks for, another may rule out.
  return requirements.every((requirement) => holds(requirement, now.get(requirement.key)))
    ? changes
    : undefined;
}

/** Both changes in one; undefined when they contradict each other. Pure. */
export function mergedRelabelling(one: Relabelling, other: Relabelling): Relabelling | undefined {
  for (const [key, value] of Object.entries(other)) {
    if (Object.hasOwn(one, key) && one[key] !== value) return undefined;
  }
  return { ...one, ...other };
}

/** The labels of a node after the change. Pure. */
export function relabelled(labels: Labels, changes: Relabelling): Labels {
  return Object.fromEntries(
    Object.entries({ ...labels, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
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
      return compares(value, values[0], (number, bound) => number > bound);
    case "Lt":
      return compares(value, values[0], (number, bound) => number < bound);
    default:
      return false;
  }
}

/** A value that is enough; null: none; undefined: there is no such label. */
function valueFor({ operator, values = [] }: NodeSelectorRequirement): string | null | undefined {
  if (operator === "In") return values[0];
  if (operator === "Exists") return "";
  if (operator === "NotIn" || operator === "DoesNotExist") return null;
  const bound = wholeNumber(values[0]);
  if (bound === undefined) return undefined;
  const next = operator === "Gt" ? bound + 1n : bound - 1n;
  // The value of a label begins with a letter or a digit.
  return next < 0n ? undefined : String(next);
}

function compares(
  value: string | undefined,
  bound: string | undefined,
  test: (number: bigint, bound: bigint) => boolean,
): boolean {
  const [number, limit] = [wholeNumber(value), wholeNumber(bound)];
  return number !== undefined && limit !== undefined && test(number, limit);
}
