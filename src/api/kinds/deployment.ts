import { deployments } from "../generated/resources.ts";
import type { Deployment, DeploymentStrategy } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkNonNegative,
  checkRequiredOneOf,
  type FieldErrors,
  fieldIsImmutable,
  forbiddenField,
  invalidValue,
} from "./field-errors.ts";
import { isZero, validateIntOrPercent, validateShare } from "./int-or-percent.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { scaleView } from "./scale.ts";
import { validateOwnSelector, validateTemplate } from "./validate-template.ts";
import { workloadCells, workloadColumns } from "./workload-columns.ts";

/** Deployments: a template of which so many pods run, replaced step by step when it changes. */
export const deploymentKind: KindDefinition<Deployment> = defineKind(deployments, {
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate") {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
      spec.strategy.rollingUpdate.maxSurge ??= "25%";
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodSpec(spec.template?.spec);
  },
  validate({ spec }, errors) {
    checkNonNegative(errors, "spec.replicas", spec?.replicas);
    validateOwnSelector(spec?.selector, "deployment", errors);
    const rules = { owner: "ReplicaSet", selector: spec?.selector, restartPolicies: ["Always"] };
    validateTemplate(spec?.template, rules, errors);
    if (spec?.strategy) validateStrategy(spec.strategy, errors);
    checkNonNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
    checkNonNegative(errors, "spec.revisionHistoryLimit", spec?.revisionHistoryLimit);
    const deadline = spec?.progressDeadlineSeconds;
    checkNonNegative(errors, "spec.progressDeadlineSeconds", deadline);
    if (deadline !== undefined && deadline <= (spec?.minReadySeconds ?? 0)) {
      errors.push(
        invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"),
      );
    }
  },
  validateChange(deployment, old, errors) {
    if (!jsonEqual(deployment.spec?.selector, old.spec?.selector)) {
      errors.push(invalidValue("spec.selector", deployment.spec?.selector, fieldIsImmutable));
    }
  },
  validateStatus({ status }, _, errors) {
    for (const field of statusCounts) checkNonNegative(errors, `status.${field}`, status?.[field]);
  },
  subresources: { scale: scaleView() },
  columns: {
    columns: [
      nameColumn(),
      column("Ready", "How many of the wanted pods are ready."),
      column("Up-to-date", "How many pods are of the newest template."),
      column("Available", "How many pods have been ready for long enough."),
      ageColumn(),
      ...workloadColumns,
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      age(metadata?.creationTimestamp, nowMs),
      ...workloadCells(spec?.template, spec?.selector),
    ],
  },
});

const statusCounts = [
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
] as const;

function validateStrategy(strategy: DeploymentStrategy, errors: FieldErrors): void {
  const path = "spec.strategy";
  checkRequiredOneOf(errors, `${path}.type`, strategy.type, ["Recreate", "RollingUpdate"]);
  if (strategy.type === "Recreate" && strategy.rollingUpdate !== undefined) {
    errors.push(
      forbiddenField(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'"),
    );
  }
  if (strategy.type !== "RollingUpdate" || !strategy.rollingUpdate) return;
  const { maxSurge, maxUnavailable } = strategy.rollingUpdate;
  validateShare(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors);
  validateIntOrPercent(maxSurge, `${path}.rollingUpdate.maxSurge`, errors);
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(
      invalidValue(
        `${path}.rollingUpdate.maxUnavailable`,
        maxUnavailable,
        "may not be 0 when `maxSurge` is 0",
      ),
    );
  }
}
