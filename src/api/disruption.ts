import type { Condition, Pod, PodDisruptionBudget } from "./generated/types.ts";
import { compileLabelSelector } from "./selector/label-selector.ts";

/** Type of the condition by which a budget says whether a pod may go now. */
export const disruptionAllowed = "DisruptionAllowed";

/** The budgets that speak of a pod, among those of its namespace. */
export function budgetsOf(pod: Pod, budgets: readonly PodDisruptionBudget[]): readonly PodDisruptionBudget[] {
  return budgets.filter(({ spec }) => compileLabelSelector(spec?.selector).matches(pod.metadata?.labels));
}

/**
 * A budget's conditions with what `allowed`, the disruptions that may happen now, comes to. One that says the same of the same
 * generation stays as it is.
 */
export function withDisruptionAllowed(
  conditions: readonly Condition[] | undefined,
  verdict: { readonly allowed: number; readonly generation: number; readonly now: string },
): Condition[] {
  const status = verdict.allowed > 0 ? "True" : "False";
  const reason = verdict.allowed > 0 ? "SufficientPods" : "InsufficientPods";
  const old = conditions?.find(({ type }) => type === disruptionAllowed);
  const next: Condition = {
    type: disruptionAllowed,
    status,
    reason,
    message: "",
    observedGeneration: verdict.generation,
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : verdict.now,
  };
  return [...(conditions ?? []).filter((one) => one !== old), next];
}
