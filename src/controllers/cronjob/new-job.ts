import { type CronJob, clockOf, cronJobs, type Job, rfc3339 } from "#api";
import { controllerReference } from "../shared/claim.ts";

/** On jobs: the time for which they were started. */
export const scheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/** One name per time: whoever starts the job again finds it there. */
export function jobNameAt(cronJob: CronJob, scheduledMs: number): string {
  return `${cronJob.metadata?.name}-${Math.floor(scheduledMs / 60_000)}`;
}

export function newJob(cronJob: CronJob, scheduledMs: number): Job {
  const { namespace } = cronJob.metadata ?? {};
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const shown = rfc3339(scheduledMs, clockOf(cronJob.spec?.timeZone));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobNameAt(cronJob, scheduledMs),
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: shown },
      ownerReferences: [controllerReference(cronJobs, cronJob)],
    },
    ...(spec ? { spec } : {}),
  };
}
