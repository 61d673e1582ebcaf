import { type CronJob, type CronJobStatus, type Job, type ObjectReference, parseSchedule } from "#api";
import { messageOf } from "#base";
import { dueAt } from "./due.ts";
import { jobNameAt, newJob, scheduledAnnotation } from "./new-job.ts";

/** All that the decision depends on. */
export interface CronJobWorld {
  readonly cronJob: CronJob;
  /** Those it controls. */
  readonly jobs: readonly Job[];
  readonly nowMs: number;
}

/** In the order in which it is to be done. */
export interface CronJobPlan {
  readonly status: CronJobStatus;
  /** Finished, and beyond what is kept. */
  readonly forget: readonly Job[];
  /** Still running, in the way of the next one. */
  readonly replace: readonly Job[];
  readonly create: Job | undefined;
  readonly notes: readonly Note[];
  /** When the next start is due, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

/** For people: an event. */
export interface Note {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/**
 * Of the times that have come since the last start only the last one is started, if it is not too late and the concurrency policy lets it.
 * A job is named after its time: that it is there means that it was started, whether the status says so yet or not.
 */
export function decide(world: CronJobWorld): CronJobPlan {
  const { cronJob, jobs } = world;
  const start = startOf(world);
  const startedMs = start.dueMs !== undefined && start.isStarted ? start.dueMs : undefined;
  return {
    status: statusOf(world, startedMs),
    forget: surplus(cronJob, jobs),
    replace: start.replace,
    create: start.create,
    notes: [...endNotes(world), ...start.notes],
    requeueAfterMs: start.nextMs === undefined ? undefined : Math.max(1, start.nextMs - world.nowMs),
  };
}

interface Start {
  readonly dueMs: number | undefined;
  readonly isStarted: boolean;
  readonly create: Job | undefined;
  readonly replace: readonly Job[];
  readonly notes: readonly Note[];
  readonly nextMs: number | undefined;
}

const noStart: Start = {
  dueMs: undefined,
  isStarted: false,
  create: undefined,
  replace: [],
  notes: [],
  nextMs: undefined,
};

function startOf({ cronJob, jobs, nowMs }: CronJobWorld): Start {
  const { metadata, spec, status } = cronJob;
  if (metadata?.deletionTimestamp || spec?.suspend) return noStart;
  let schedule: ReturnType<typeof parseSchedule>;
  try {
    schedule = parseSchedule(spec?.schedule ?? "", spec?.timeZone);
  } catch (error) {
    const message = `unparseable schedule: ${JSON.stringify(spec?.schedule)} : ${messageOf(error)}`;
    return { ...noStart, notes: [{ type: "Warning", reason: "UnparseableSchedule", message }] };
  }
  const sinceMs = Date.parse(status?.lastScheduleTime ?? metadata?.creationTimestamp ?? "") || nowMs;
  const deadlineMs =
    spec?.startingDeadlineSeconds === undefined ? undefined : spec.startingDeadlineSeconds * 1000;
  const earliestMs = deadlineMs === undefined ? sinceMs : Math.max(sinceMs, nowMs - deadlineMs);
  const { atMs, areMany } = dueAt(schedule, earliestMs, nowMs);
  const notes: Note[] = areMany ? [tooMany] : [];
  const base = { ...noStart, dueMs: atMs, notes, nextMs: schedule.next(nowMs) };
  if (atMs === undefined) return base;
  if (jobs.some((job) => job.metadata?.name === jobNameAt(cronJob, atMs)))
    return { ...base, isStarted: true };
  const active = jobs.filter(isActive);
  if (spec?.concurrencyPolicy === "Forbid" && active.length > 0)
    return { ...base, notes: [...notes, stillActive] };
  const replace = spec?.concurrencyPolicy === "Replace" ? active : [];
  return { ...base, replace, create: newJob(cronJob, atMs) };
}

const tooMany: Note = {
  type: "Warning",
  reason: "TooManyMissedTimes",
  message: "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
};

const stillActive: Note = {
  type: "Normal",
  reason: "JobAlreadyActive",
  message: "Not starting job because prior execution is running and concurrency policy is Forbid",
};

function statusOf({ cronJob, jobs }: CronJobWorld, startedMs: number | undefined): CronJobStatus {
  const { lastScheduleTime, lastSuccessfulTime } = cronJob.status ?? {};
  const started = startedMs === undefined ? undefined : `${new Date(startedMs).toISOString().slice(0, 19)}Z`;
  const active = jobs.filter(isActive).map((job) => referenceTo(cronJob, job));
  const ends = jobs.flatMap((job) => (endOf(job) === "Complete" ? (job.status?.completionTime ?? []) : []));
  const successful = [...ends, ...(lastSuccessfulTime ? [lastSuccessfulTime] : [])].sort().at(-1);
  const scheduled = started ?? lastScheduleTime;
  return {
    ...(active.length > 0 ? { active } : {}),
    ...(scheduled ? { lastScheduleTime: scheduled } : {}),
    ...(successful ? { lastSuccessfulTime: successful } : {}),
  };
}

/** Those that this controller started, and that have not ended. */
function isActive(job: Job): boolean {
  return endOf(job) === undefined && job.metadata?.annotations?.[scheduledAnnotation] !== undefined;
}

function endOf({ status }: Job): "Complete" | "Failed" | undefined {
  const holds = (type: string) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === "True");
  if (holds("Complete")) return "Complete";
  return holds("Failed") ? "Failed" : undefined;
}

function referenceTo({ status }: CronJob, { metadata }: Job): ObjectReference {
  const known = status?.active?.find(({ uid }) => uid === metadata?.uid);
  const { name = "", namespace = "", uid = "" } = metadata ?? {};
  return known ?? { apiVersion: "batch/v1", kind: "Job", name, namespace, uid };
}

/** Finished jobs beyond the limits, those that started first. */
function surplus({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const beyond = (end: "Complete" | "Failed", limit: number | undefined) => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => endOf(job) === end && !job.metadata?.deletionTimestamp);
    const started = (job: Job) =>
      Date.parse(job.status?.startTime ?? job.metadata?.creationTimestamp ?? "") || 0;
    return ended.sort((a, b) => started(a) - started(b)).slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...beyond("Complete", spec?.successfulJobsHistoryLimit),
    ...beyond("Failed", spec?.failedJobsHistoryLimit),
  ];
}

/** What became of the jobs that were running when the status was written. */
function endNotes({ cronJob, jobs }: CronJobWorld): readonly Note[] {
  return (cronJob.status?.active ?? []).flatMap(({ uid, name }): Note[] => {
    const job = jobs.find(({ metadata }) => metadata?.uid === uid);
    if (!job) return [{ type: "Normal", reason: "MissingJob", message: `Active job went missing: ${name}` }];
    const end = endOf(job);
    if (!end) return [];
    const message = `Saw completed job: ${name}, condition: ${end}`;
    return [{ type: "Normal", reason: "SawCompletedJob", message }];
  });
}
