import { cronJobs } from "../generated/resources.ts";
import type { CronJob } from "../generated/types.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkNonNegative, checkRequiredOneOf, invalidValue, required } from "./field-errors.ts";
import { defaultJobSpec } from "./job.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { workloadCells, workloadColumns } from "./workload-columns.ts";

/** Cron jobs: a job at certain times. */
export const cronJobKind: KindDefinition<CronJob> = defineKind(cronJobs, {
  defaults({ spec }) {
    if (!spec) return;
    spec.concurrencyPolicy ??= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    defaultJobSpec(spec.jobTemplate?.spec);
  },
  validate({ metadata, spec }, errors) {
    if ((metadata?.name?.length ?? 0) > 52) {
      errors.push(invalidValue("metadata.name", metadata?.name, "must be no more than 52 characters"));
    }
    if (!spec?.schedule) errors.push(required("spec.schedule"));
    else if (
      !/^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+|(\S+\s+){4}\S+)$/.test(
        spec.schedule,
      )
    ) {
      errors.push(invalidValue("spec.schedule", spec.schedule, "expected exactly 5 fields"));
    }
    checkRequiredOneOf(errors, "spec.concurrencyPolicy", spec?.concurrencyPolicy, [
      "Allow",
      "Forbid",
      "Replace",
    ]);
    checkNonNegative(errors, "spec.startingDeadlineSeconds", spec?.startingDeadlineSeconds);
    checkNonNegative(errors, "spec.successfulJobsHistoryLimit", spec?.successfulJobsHistoryLimit);
    checkNonNegative(errors, "spec.failedJobsHistoryLimit", spec?.failedJobsHistoryLimit);
    if (!spec?.jobTemplate?.spec?.template) errors.push(required("spec.jobTemplate.spec.template"));
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
