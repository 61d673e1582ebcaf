import { messageOf } from "#base";
import { parseSchedule } from "../cron/parse-schedule.ts";
import { clockOf } from "../cron/time-zone.ts";
import { cronJobs } from "../generated/resources.ts";
import type { CronJob, CronJobSpec } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkNonNegative,
  checkRequiredOneOf,
  type FieldErrors,
  invalidValue,
  required,
} from "./field-errors.ts";
import { defaultJobSpec, validateJobSpec } from "./job.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { workloadCells, workloadColumns } from "./workload-columns.ts";

/** Cron jobs: a job at certain times. */
export const cronJobKind: KindDefinition<CronJob> = defineKind(cronJobs, {
  defaults({ spec }) {
    if (!spec) return;
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    defaultJobSpec(spec.jobTemplate?.spec);
  },
  validate({ metadata, spec }, errors) {
    if ((metadata?.name?.length ?? 0) > 52) {
      errors.push(invalidValue("metadata.name", metadata?.name, "must be no more than 52 characters"));
    }
    validateSchedule(spec, errors);
    checkRequiredOneOf(errors, "spec.concurrencyPolicy", spec?.concurrencyPolicy, [
      "Allow",
      "Forbid",
      "Replace",
    ]);
    checkNonNegative(errors, "spec.startingDeadlineSeconds", spec?.startingDeadlineSeconds);
    checkNonNegative(errors, "spec.successfulJobsHistoryLimit", spec?.successfulJobsHistoryLimit);
    checkNonNegative(errors, "spec.failedJobsHistoryLimit", spec?.failedJobsHistoryLimit);
    const ofJob: FieldErrors = [];
    validateJobSpec(spec?.jobTemplate?.spec, ofJob);
    errors.push(...ofJob.map((one) => ({ ...one, field: `spec.jobTemplate.${one.field}` })));
  },
  columns: {
    columns: [
      nameColumn(),
      column("Schedule", "When it runs."),
      column("Timezone", "By which clock."),
      column("Suspend", "Whether it is held back.", "boolean"),
      column("Active", "How many of its jobs run now.", "integer"),
      column("Last Schedule", "When it last ran."),
      ageColumn(),
      ...workloadColumns,
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      spec?.schedule ?? "",
      spec?.timeZone ?? "<none>",
      spec?.suspend ? "True" : "False",
      status?.active?.length ?? 0,
      status?.lastScheduleTime ? age(status.lastScheduleTime, nowMs) : "<none>",
      age(metadata?.creationTimestamp, nowMs),
      ...workloadCells(spec?.jobTemplate?.spec?.template, spec?.jobTemplate?.spec?.selector),
    ],
  },
});

function validateSchedule(spec: CronJobSpec | undefined, errors: FieldErrors): void {
  const { schedule, timeZone } = spec ?? {};
  const says = (path: string, value: string, check: () => unknown) => {
    try {
      check();
    } catch (error) {
      errors.push(invalidValue(path, value, messageOf(error)));
    }
  };
  if (schedule) says("spec.schedule", schedule, () => parseSchedule(schedule));
  else errors.push(required("spec.schedule"));
  if (timeZone !== undefined) says("spec.timeZone", timeZone, () => clockOf(timeZone));
}
