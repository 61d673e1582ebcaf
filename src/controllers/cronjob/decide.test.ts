import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CronJob, type CronJobSpec, type Job, parseSchedule } from "#api";
import { decide } from "./decide.ts";
import { dueAt } from "./due.ts";
import { jobNameAt, newJob } from "./new-job.ts";

const createdMs = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function hourly(spec: Partial<CronJobSpec> = {}, status: CronJob["status"] = {}): CronJob {
  return {
    metadata: { name: "backup", namespace: "shop", uid: "cron", creationTimestamp: at(createdMs) },
    spec: {
      schedule: "0 * * * *",
      concurrencyPolicy: "Allow",
      successfulJobsHistoryLimit: 2,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { labels: { of: "backup" } }, spec: { template: {} } },
      ...spec,
    },
    status,
  };
}

function jobOf(cronJob: CronJob, scheduledMs: number, end?: "Complete" | "Failed"): Job {
  const job = newJob(cronJob, scheduledMs);
  const uid = `${job.metadata?.name}`;
  return {
    ...job,
    metadata: { ...job.metadata, uid },
    status: {
      startTime: at(scheduledMs),
      ...(end ? { conditions: [{ type: end, status: "True" }] } : {}),
      ...(end === "Complete" ? { completionTime: at(scheduledMs + 1000) } : {}),
    },
  };
}

const hour = (count: number) => createdMs + count * 60 * minuteMs;
const names = (jobs: readonly Job[]) => jobs.map(({ metadata }) => metadata?.name);
const reasons = ({ notes }: { notes: readonly { reason: string }[] }) => notes.map(({ reason }) => reason);

test("nothing is started before its time; then a job is, named after it", () => {
  const cronJob = hourly({ timeZone: "Europe/Berlin" });
  const early = decide({ cronJob, jobs: [], nowMs: hour(1) - 1000 });
  assert.deepEqual([early.create, early.requeueAfterMs], [undefined, 1000]);
  const { create, requeueAfterMs } = decide({ cronJob, jobs: [], nowMs: hour(1) + 500 });
  assert.equal(create?.metadata?.name, `backup-${hour(1) / minuteMs}`);
  assert.deepEqual(create?.metadata?.labels, { of: "backup" });
  assert.deepEqual(create?.metadata?.annotations, {
    "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T02:00:00+01:00",
  });
  assert.equal(requeueAfterMs, 60 * minuteMs - 500);
});

test("a job that is there was started: the status says when, and it is not started again", () => {
  const cronJob = hourly();
  const plan = decide({ cronJob, jobs: [jobOf(cronJob, hour(1))], nowMs: hour(1) + 2000 });
  assert.equal(plan.create, undefined);
  assert.equal(plan.status.lastScheduleTime, at(hour(1)));
  assert.deepEqual(
    plan.status.active?.map(({ name }) => name),
    [jobNameAt(cronJob, hour(1))],
  );
  const gone = decide({ cronJob: { ...cronJob, status: plan.status }, jobs: [], nowMs: hour(1) + 3000 });
  assert.deepEqual([gone.create, reasons(gone)], [undefined, ["MissingJob"]]);
});

test("of several missed times only the last is started, and none that is too late", () => {
  const cronJob = hourly({}, { lastScheduleTime: at(hour(1)) });
  const { create } = decide({ cronJob, jobs: [], nowMs: hour(5) + 1000 });
  assert.equal(create?.metadata?.name, jobNameAt(cronJob, hour(5)));
  const strict = hourly({ startingDeadlineSeconds: 10 }, { lastScheduleTime: at(hour(1)) });
  assert.equal(decide({ cronJob: strict, jobs: [], nowMs: hour(5) + 11_000 }).create, undefined);
  const long = decide({ cronJob, jobs: [], nowMs: hour(500) });
  assert.deepEqual(
    [names([long.create as Job]), reasons(long)],
    [[jobNameAt(cronJob, hour(500))], ["TooManyMissedTimes"]],
  );
});

test("while a job runs the next is started beside it, not at all, or in its place", () => {
  const running = jobOf(hourly(), hour(1));
  const decideWith = (concurrencyPolicy: string) => {
    const cronJob = hourly({ concurrencyPolicy }, { lastScheduleTime: at(hour(1)) });
    const plan = decide({ cronJob, jobs: [running], nowMs: hour(2) });
    return [plan.create !== undefined, names(plan.replace), reasons(plan)];
  };
  assert.deepEqual(decideWith("Allow"), [true, [], []]);
  assert.deepEqual(decideWith("Forbid"), [false, [], ["JobAlreadyActive"]]);
  assert.deepEqual(decideWith("Replace"), [true, names([running]), []]);
});

test("of finished jobs the oldest beyond the limits go, and the last success is kept in the status", () => {
  const cronJob = hourly();
  const done = [1, 2, 3, 4].map((count) => jobOf(cronJob, hour(count), "Complete"));
  const failed = [5, 6].map((count) => jobOf(cronJob, hour(count), "Failed"));
  const last = { ...cronJob, status: { lastScheduleTime: at(hour(6)) } };
  const plan = decide({ cronJob: last, jobs: [...failed, ...done], nowMs: hour(6) + 1000 });
  assert.deepEqual(names(plan.forget), names([...done.slice(0, 2), ...failed.slice(0, 1)]));
  assert.equal(plan.status.lastSuccessfulTime, at(hour(4) + 1000));
});

test("suspended, or without a schedule that can be read, nothing is started", () => {
  assert.equal(decide({ cronJob: hourly({ suspend: true }), jobs: [], nowMs: hour(3) }).create, undefined);
  const strange = decide({ cronJob: hourly({ schedule: "often" }), jobs: [], nowMs: hour(3) });
  assert.deepEqual([strange.create, reasons(strange)], [undefined, ["UnparseableSchedule"]]);
});

test("jobs that people start by hand are kept and forgotten like others, but are in nobody's way", () => {
  const cronJob = hourly({ concurrencyPolicy: "Forbid" });
  const byHand: Job = { metadata: { name: "by-hand", uid: "x" }, status: { startTime: at(hour(1)) } };
  const plan = decide({ cronJob, jobs: [byHand], nowMs: hour(1) });
  assert.ok(plan.create);
  assert.equal(plan.status.active, undefined);
});

test("whenever this program looks, the last time that has come is found: as if it had looked all along", () => {
  const schedules = fc.constantFrom("*/7 * * * *", "0 3 * * *", "30 1 1 * *", "0 0 * * 1", "@every 90m");
  fc.assert(
    fc.property(schedules, fc.integer({ min: 0, max: 60 * 24 * 90 }), (text, minutes) => {
      const schedule = parseSchedule(text);
      const nowMs = createdMs + minutes * minuteMs + 12_345;
      let expected: number | undefined;
      for (
        let next = schedule.next(createdMs);
        next !== undefined && next <= nowMs;
        next = schedule.next(next)
      ) {
        expected = next;
      }
      const { atMs, areMany } = dueAt(schedule, createdMs, nowMs);
      // An interval has no times of its own: after too many it is counted from now.
      if (!(areMany && text.startsWith("@every"))) assert.equal(atMs, expected);
    }),
  );
});
