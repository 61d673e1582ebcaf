import { statefulSets } from "../generated/resources.ts";
import type {
  PodTemplateSpec,
  StatefulSet,
  StatefulSetSpec,
  StatefulSetUpdateStrategy,
  Volume,
} from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkNonNegative,
  checkRequiredOneOf,
  type FieldErrors,
  forbiddenField,
  invalidValue,
} from "./field-errors.ts";
import { isZero, validateShare } from "./int-or-percent.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultClaimSpec } from "./persistent-volume-claim.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { scaleView } from "./scale.ts";
import { validateOwnSelector, validateTemplate } from "./validate-template.ts";
import { templateCells, workloadColumns } from "./workload-columns.ts";

/** Stateful sets: pods that are told apart, each with volumes of its own. */
export const statefulSetKind: KindDefinition<StatefulSet> = defineKind(statefulSets, {
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.podManagementPolicy ||= "OrderedReady";
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= "Retain";
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= "Retain";
    spec.revisionHistoryLimit ??= 10;
    defaultPodSpec(spec.template?.spec);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion ||= "v1";
      claim.kind ||= "PersistentVolumeClaim";
      defaultClaimSpec(claim.spec);
      claim.status ??= { phase: "Pending" };
    }
  },
  prepareForCreate(statefulSet) {
    statefulSet.status = { replicas: 0 };
  },
  validate({ spec }, errors) {
    checkNonNegative(errors, "spec.replicas", spec?.replicas);
    validateOwnSelector(spec?.selector, "statefulset", errors);
    const rules = { owner: "StatefulSet", selector: spec?.selector, restartPolicies: ["Always"] };
    validateTemplate(withClaims(spec), rules, errors);
    checkNonNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
    checkNonNegative(errors, "spec.revisionHistoryLimit", spec?.revisionHistoryLimit);
    checkRequiredOneOf(errors, "spec.podManagementPolicy", spec?.podManagementPolicy, [
      "OrderedReady",
      "Parallel",
    ]);
    validateStrategy(spec?.updateStrategy, errors);
    checkNonNegative(errors, "spec.ordinals.start", spec?.ordinals?.start);
    for (const field of ["whenDeleted", "whenScaled"] as const) {
      const policy = spec?.persistentVolumeClaimRetentionPolicy?.[field];
      const path = `spec.persistentVolumeClaimRetentionPolicy.${field}`;
      checkRequiredOneOf(errors, path, policy, ["Retain", "Delete"]);
    }
  },
  validateChange(statefulSet, old, errors) {
    if (jsonEqual(immutablePart(statefulSet.spec), immutablePart(old.spec))) return;
    errors.push(
      forbiddenField(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  },
  validateStatus({ status }, _, errors) {
    for (const field of statusCounts) {
      const count = status?.[field];
      checkNonNegative(errors, `status.${field}`, count);
      if (count !== undefined && count > (status?.replicas ?? 0)) {
        errors.push(invalidValue(`status.${field}`, count, "cannot be greater than status.replicas"));
      }
    }
  },
  subresources: { scale: scaleView() },
  columns: {
    columns: [
      nameColumn(),
      column("Ready", "How many of the wanted pods are ready."),
      ageColumn(),
      ...workloadColumns.slice(0, 2),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      age(metadata?.creationTimestamp, nowMs),
      ...templateCells(spec?.template),
    ],
  },
});

/** The template as its pods will be: its containers may mount what the claim templates bring, which wins over volumes of the same name. */
function withClaims(spec: StatefulSetSpec | undefined): PodTemplateSpec | undefined {
  const { template, volumeClaimTemplates = [] } = spec ?? {};
  if (!template?.spec || volumeClaimTemplates.length === 0) return template;
  const claims = volumeClaimTemplates.map(({ metadata }): Volume => {
    const name = metadata?.name ?? "";
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const own = template.spec.volumes?.filter(({ name }) => !claims.some((claim) => claim.name === name)) ?? [];
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claims] } };
}

const statusCounts = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
] as const;

function validateStrategy(strategy: StatefulSetUpdateStrategy | undefined, errors: FieldErrors): void {
  const path = "spec.updateStrategy";
  checkRequiredOneOf(errors, `${path}.type`, strategy?.type, ["OnDelete", "RollingUpdate"]);
  if (strategy?.rollingUpdate === undefined) return;
  if (strategy.type === "OnDelete") {
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    errors.push(invalidValue(`${path}.rollingUpdate`, strategy.rollingUpdate, why));
    return;
  }
  const { partition, maxUnavailable } = strategy.rollingUpdate;
  checkNonNegative(errors, `${path}.rollingUpdate.partition`, partition);
  validateShare(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors);
  if (isZero(maxUnavailable)) {
    errors.push(invalidValue(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, "cannot be 0"));
  }
}

function immutablePart(spec: StatefulSetSpec | undefined) {
  const { selector, serviceName, podManagementPolicy, volumeClaimTemplates } = spec ?? {};
  return { selector, serviceName, podManagementPolicy, volumeClaimTemplates };
}
