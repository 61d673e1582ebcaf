import type { LabelSelector } from "../generated/types.ts";
import type { Requirement } from "./requirement.ts";
import { compileSelector, nothing, type Selector } from "./selector.ts";

/**
 * Compiles the object form, as in `spec.selector`. As in Kubernetes an absent selector selects nothing and an empty
 * one everything. Operators it does not know select nothing: validation refuses them before.
 */
export function compileLabelSelector(selector: LabelSelector | undefined): Selector {
  if (selector === undefined || selector === null) return nothing;
  const requirements: Requirement[] = [];
  for (const key in selector.matchLabels) {
    requirements.push({ key, operator: "In", values: [selector.matchLabels[key] ?? ""] });
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    if (!isOperator(operator)) return nothing;
    requirements.push({ key, operator, values: values ?? [] });
  }
  return compileSelector(requirements);
}

/** Compiles the map form: services, replication controllers. Absent or empty selects nothing. */
export function compileLabelMap(labels: Readonly<Record<string, string>> | undefined): Selector {
  const requirements = Object.entries(labels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: "In", values: [value] }),
  );
  return requirements.length === 0 ? nothing : compileSelector(requirements);
}

/** The operators of `LabelSelector`; the string form knows two more. */
export const labelSelectorOperators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

function isOperator(operator: string): operator is (typeof labelSelectorOperators)[number] {
  return (labelSelectorOperators as readonly string[]).includes(operator);
}
