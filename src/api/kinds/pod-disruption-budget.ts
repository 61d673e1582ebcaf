import { podDisruptionBudgets } from "../generated/resources.ts";
import type { PodDisruptionBudget } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkNonNegative, checkOneOf, invalidValue } from "./field-errors.ts";
import { validateShare } from "./int-or-percent.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { validateLabelSelector } from "./validate-label-selector.ts";

/** Disruption budgets: how many pods may be taken away at once. */
export const podDisruptionBudgetKind: KindDefinition<PodDisruptionBudget> = defineKind(podDisruptionBudgets, {
  prepareForCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate({ spec }, errors) {
    if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
      errors.push(invalidValue("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
    }
    validateShare(spec?.minAvailable, "spec.minAvailable", errors);
    validateShare(spec?.maxUnavailable, "spec.maxUnavailable", errors);
    checkOneOf(errors, "spec.unhealthyPodEvictionPolicy", spec?.unhealthyPodEvictionPolicy, [
      "AlwaysAllow",
      "IfHealthyBudget",
    ]);
    validateLabelSelector(spec?.selector, "spec.selector", errors);
  },
  validateStatus({ status }, _, errors) {
    for (const field of statusCounts) checkNonNegative(errors, `status.${field}`, status?.[field]);
  },
  columns: {
    columns: [
      nameColumn(),
      column("Min Available", "How many must stay."),
      column("Max Unavailable", "How many may go."),
      column("Allowed Disruptions", "How many may go now.", "integer"),
      ageColumn(),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      String(spec?.minAvailable ?? "N/A"),
      String(spec?.maxUnavailable ?? "N/A"),
      status?.disruptionsAllowed ?? 0,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

const statusCounts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;
