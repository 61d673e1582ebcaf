import { jobs } from "../generated/resources.ts";
import type { Job, JobSpec } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { age, duration } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind, metadataOf } from "./define-kind.ts";
import { checkNonNegative, type FieldErrors, fieldIsImmutable, invalidValue } from "./field-errors.ts";
import { validateFailurePolicy, validateIndexes, validateSuccessPolicy } from "./job-policies.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { defaultPodSpec } from "./pod/defaults.ts";
import { validateTemplate } from "./validate-template.ts";
import { workloadCells, workloadColumns } from "./workload-columns.ts";

/** Jobs: pods that run to an end. */
export const jobKind: KindDefinition<Job> = defineKind(jobs, {
  defaults: ({ spec }) => defaultJobSpec(spec),
  prepareForCreate(job) {
    job.status = {};
    if (!job.spec?.manualSelector) selectOwnPods(job);
  },
  validate({ spec }, errors) {
    validateJobSpec(spec, errors);
  },
  validateChange(job, old, errors) {
    const { spec } = job;
    // An indexed job may grow and shrink, when as many run at a time as there are.
    const isElastic = spec?.completionMode === "Indexed" && spec.completions === spec.parallelism;
    if (!isElastic && spec?.completions !== old.spec?.completions) {
      errors.push(invalidValue("spec.completions", spec?.completions, fieldIsImmutable));
    }
    for (const field of immutableFields) {
      if (!jsonEqual(job.spec?.[field], old.spec?.[field])) {
        errors.push(invalidValue(`spec.${field}`, job.spec?.[field], fieldIsImmutable));
      }
    }
    const mayChangeTemplate = old.spec?.suspend === true && old.status?.startTime === undefined;
    if (!mayChangeTemplate && !jsonEqual(job.spec?.template, old.spec?.template)) {
      errors.push(invalidValue("spec.template", job.spec?.template, fieldIsImmutable));
    }
  },
  selectableFields: { "status.successful": ({ status }) => String(status?.succeeded ?? 0) },
  deletion: { defaultPropagation: "Background" },
  columns: {
    columns: [
      nameColumn(),
      column("Status", "Whether it runs, and how it ended."),
      column("Completions", "How many pods have succeeded."),
      column("Duration", "How long it has run."),
      ageColumn(),
      ...workloadColumns,
    ],
    row: (job, nowMs) => [
      job.metadata?.name ?? "",
      statusOf(job),
      completions(job),
      runTime(job, nowMs),
      age(job.metadata?.creationTimestamp, nowMs),
      ...workloadCells(job.spec?.template, job.spec?.selector),
    ],
  },
});

export function defaultJobSpec(spec: JobSpec | undefined): void {
  if (!spec) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 0x7fffffff;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  }
  defaultPodSpec(spec.template?.spec);
}

/** Checks a job's spec, and what jobs of a cron job are made of. */
export function validateJobSpec(spec: JobSpec | undefined, errors: FieldErrors): void {
  for (const field of jobCounts) checkNonNegative(errors, `spec.${field}`, spec?.[field]);
  if (spec) {
    validateIndexes(spec, errors);
    validateFailurePolicy(spec, errors);
    validateSuccessPolicy(spec, errors);
  }
  const rules = { owner: "Job", selector: spec?.selector, restartPolicies: ["Never", "OnFailure"] };
  validateTemplate(spec?.template, rules, errors);
}

const jobCounts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
  "ttlSecondsAfterFinished",
] as const;

const immutableFields = [
  "selector",
  "completionMode",
  "backoffLimitPerIndex",
  "podFailurePolicy",
  "successPolicy",
  "managedBy",
] as const;

/** Unless its author selects pods by hand, a job's pods carry its own uid. */
function selectOwnPods(job: Job): void {
  const uid = job.metadata?.uid;
  if (!job.spec?.template || uid === undefined) return;
  job.spec.template.metadata ??= {};
  job.spec.template.metadata.labels ??= {};
  const labels = job.spec.template.metadata.labels;
  labels["batch.kubernetes.io/controller-uid"] = uid;
  labels["controller-uid"] = uid;
  labels["batch.kubernetes.io/job-name"] = metadataOf(job).name ?? "";
  labels["job-name"] = metadataOf(job).name ?? "";
  job.spec.selector ??= { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

function statusOf({ metadata, status }: Job): string {
  const holds = (type: string) =>
    status?.conditions?.some((each) => each.type === type && each.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (metadata?.deletionTimestamp) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  if (holds("FailureTarget")) return "FailureTarget";
  return holds("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 1;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function runTime({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : nowMs;
  return duration(end - Date.parse(status.startTime));
}
