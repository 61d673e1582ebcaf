import { daemonSets } from "../generated/resources.ts";
import type { DaemonSet, DaemonSetUpdateStrategy } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkNonNegative,
  checkRequiredOneOf,
  type FieldErrors,
  fieldIsImmutable,
  invalidValue,
  required,
} from "./field-errors.ts";
import { isZero, validateShare } from "./int-or-percent.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { validateOwnSelector, validateTemplate } from "./validate-template.ts";
import { shownLabels, workloadCells, workloadColumns } from "./workload-columns.ts";

/** Daemon sets: one pod of a template on every node. */
export const daemonSetKind: KindDefinition<DaemonSet> = defineKind(daemonSets, {
  defaults({ spec }) {
    if (!spec) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodSpec(spec.template?.spec);
  },
  prepareForCreate(daemonSet) {
    daemonSet.status = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    };
  },
  validate({ spec }, errors) {
    validateOwnSelector(spec?.selector, "daemonset", errors);
    const rules = { owner: "DaemonSet", selector: spec?.selector, restartPolicies: ["Always"] };
    validateTemplate(spec?.template, rules, errors);
    checkNonNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
    checkNonNegative(errors, "spec.revisionHistoryLimit", spec?.revisionHistoryLimit);
    validateStrategy(spec?.updateStrategy, errors);
  },
  validateChange(daemonSet, old, errors) {
    if (!jsonEqual(daemonSet.spec?.selector, old.spec?.selector)) {
      errors.push(invalidValue("spec.selector", daemonSet.spec?.selector, fieldIsImmutable));
    }
  },
  columns: {
    columns: [
      nameColumn(),
      column("Desired", "On how many nodes it should run.", "integer"),
      column("Current", "On how many it runs.", "integer"),
      column("Ready", "On how many it is ready.", "integer"),
      column("Up-to-date", "On how many it is of the newest template.", "integer"),
      column("Available", "On how many it has been ready for long enough.", "integer"),
      column("Node Selector", "Which nodes it is for."),
      ageColumn(),
      ...workloadColumns,
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      status?.desiredNumberScheduled ?? 0,
      status?.currentNumberScheduled ?? 0,
      status?.numberReady ?? 0,
      status?.updatedNumberScheduled ?? 0,
      status?.numberAvailable ?? 0,
      shownLabels(spec?.template?.spec?.nodeSelector),
      age(metadata?.creationTimestamp, nowMs),
      ...workloadCells(spec?.template, spec?.selector),
    ],
  },
});

function validateStrategy(strategy: DaemonSetUpdateStrategy | undefined, errors: FieldErrors): void {
  const path = "spec.updateStrategy";
  checkRequiredOneOf(errors, `${path}.type`, strategy?.type, ["OnDelete", "RollingUpdate"]);
  if (strategy?.type !== "RollingUpdate" || !strategy.rollingUpdate) return;
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  validateShare(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors);
  validateShare(maxSurge, `${path}.rollingUpdate.maxSurge`, errors);
  const isSurging = maxSurge !== undefined && !isZero(maxSurge);
  if (isSurging && !isZero(maxUnavailable)) {
    const why = "may not be set when maxUnavailable is non-zero";
    errors.push(invalidValue(`${path}.rollingUpdate.maxSurge`, maxSurge, why));
  }
  if (!isSurging && isZero(maxUnavailable)) {
    errors.push(required(`${path}.rollingUpdate.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  }
}
