import type { LabelSelector, Pod } from "../../generated/types.ts";
import { labelKey } from "../../names.ts";
import { type FieldErrors, forbiddenField, invalidValue } from "../field-errors.ts";

/** A selector that also speaks of the labels of the pod it stands in (KEP-3633, KEP-3243). */
interface KeyedSelector {
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
}

/**
 * Writes what label keys stand for into the selectors of a new pod: equal to it in these labels, or different from it in those. So whoever
 * reads the pod later sees plain selectors.
 */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata?.labels ?? {};
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const keyed: KeyedSelector[] = [podAffinity, podAntiAffinity].flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
  ]);
  for (const selector of [...keyed, ...(spec?.topologySpreadConstraints ?? [])]) merge(selector, labels);
}

function merge(selector: KeyedSelector | undefined, labels: Readonly<Record<string, string>>): void {
  if (!selector?.labelSelector) return;
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = selector;
  const written = [
    ...matchLabelKeys.map((key) => ({ key, operator: "In" })),
    ...mismatchLabelKeys.map((key) => ({ key, operator: "NotIn" })),
  ]
    .filter(({ key }) => Object.hasOwn(labels, key))
    .map(({ key, operator }) => ({ key, operator, values: [labels[key] ?? ""] }));
  if (written.length === 0) return;
  labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...written];
}

export function validateLabelKeys(selector: KeyedSelector, path: string, errors: FieldErrors): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = selector;
  for (const field of ["matchLabelKeys", "mismatchLabelKeys"] as const) {
    const keys = selector[field] ?? [];
    if (keys.length > 0 && !labelSelector) {
      errors.push(forbiddenField(`${path}.${field}`, "must not be specified when labelSelector is not set"));
    }
    for (const [index, key] of keys.entries()) {
      for (const why of labelKey(key)) errors.push(invalidValue(`${path}.${field}[${index}]`, key, why));
    }
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    const at = `${path}.matchLabelKeys[${index}]`;
    if (timesNamed(key, labelSelector) > 1) {
      errors.push(invalidValue(at, key, "exists in both matchLabelKeys and labelSelector"));
    }
    if (mismatchLabelKeys.includes(key)) {
      errors.push(invalidValue(at, key, "exists in both matchLabelKeys and mismatchLabelKeys"));
    }
  }
}

/** Once is what merging has written. */
function timesNamed(key: string, { matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): number {
  return Number(Object.hasOwn(matchLabels, key)) + matchExpressions.filter((each) => each.key === key).length;
}
