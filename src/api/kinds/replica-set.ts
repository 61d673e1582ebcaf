import { replicaSets } from "../generated/resources.ts";
import type { ReplicaSet } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkNonNegative, fieldIsImmutable, invalidValue } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { scaleView } from "./scale.ts";
import { validateOwnSelector, validateTemplate } from "./validate-template.ts";
import { workloadCells, workloadColumns } from "./workload-columns.ts";

/** Replica sets: so many pods of one template, always. */
export const replicaSetKind: KindDefinition<ReplicaSet> = defineKind(replicaSets, {
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    defaultPodSpec(spec.template?.spec);
  },
  prepareForCreate(replicaSet) {
    replicaSet.status = { replicas: 0 };
  },
  validate({ spec }, errors) {
    checkNonNegative(errors, "spec.replicas", spec?.replicas);
    checkNonNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
    validateOwnSelector(spec?.selector, "deployment", errors);
    const rules = { owner: "ReplicaSet", selector: spec?.selector, restartPolicies: ["Always"] };
    validateTemplate(spec?.template, rules, errors);
  },
  validateChange(replicaSet, old, errors) {
    if (!jsonEqual(replicaSet.spec?.selector, old.spec?.selector)) {
      errors.push(invalidValue("spec.selector", replicaSet.spec?.selector, fieldIsImmutable));
    }
  },
  validateStatus({ status }, _, errors) {
    const total = status?.replicas ?? 0;
    for (const field of ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const) {
      const count = status?.[field];
      checkNonNegative(errors, `status.${field}`, count);
      if (count !== undefined && count > total) {
        errors.push(invalidValue(`status.${field}`, count, "cannot be greater than status.replicas"));
      }
    }
  },
  subresources: { scale: scaleView() },
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  columns: {
    columns: [
      nameColumn(),
      column("Desired", "How many pods it wants.", "integer"),
      column("Current", "How many pods it has.", "integer"),
      column("Ready", "How many of them are ready.", "integer"),
      ageColumn(),
      ...workloadColumns,
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      spec?.replicas ?? 0,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      age(metadata?.creationTimestamp, nowMs),
      ...workloadCells(spec?.template, spec?.selector),
    ],
  },
});
