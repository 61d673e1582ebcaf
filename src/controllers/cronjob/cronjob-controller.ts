import { type CronJob, cronJobs, type Job, jobs } from "#api";
import { isAlreadyExists, isNotFound, messageOf } from "#base";
import { byController, isNamespaceTerminating } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf } from "../shared/batches.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { type CronJobPlan, decide, type Note } from "./decide.ts";
import { parallelDeletes } from "./limits.ts";

/** Starts the jobs of cron jobs when they are due, and keeps no more of them than is asked for. */
export function cronJobController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("cronjob-controller");
  const all = informers.of(cronJobs);
  const allJobs = informers.of(jobs).addIndex("controller", byController);

  const say = (cronJob: CronJob, note: Note) =>
    recorder.record({ ...cronJob, apiVersion: "batch/v1", kind: "CronJob" }, note);

  const remove = async (cronJob: CronJob, { metadata }: Job): Promise<void> => {
    const { name = "", namespace, uid = "" } = metadata ?? {};
    try {
      const options = { preconditions: { uid }, propagationPolicy: "Background" } as const;
      await client.resource(jobs, namespace).delete(name, options);
      say(cronJob, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted job ${name}` });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  const create = async (cronJob: CronJob, job: Job): Promise<void> => {
    const { name, namespace } = job.metadata ?? {};
    try {
      await client.resource(jobs, namespace).create(job);
      say(cronJob, { type: "Normal", reason: "SuccessfulCreate", message: `Created job ${name}` });
    } catch (error) {
      if (isAlreadyExists(error)) return;
      if (!isNamespaceTerminating(error)) {
        const message = `Error creating job: ${messageOf(error)}`;
        say(cronJob, { type: "Warning", reason: "FailedCreate", message });
      }
      throw error;
    }
  };

  /** The status first: it tells which time was started, also when the job of that time is then forgotten. */
  const apply = async (cronJob: CronJob, plan: CronJobPlan): Promise<void> => {
    await patchStatus(client, cronJobs, cronJob, plan.status);
    for (const note of plan.notes) say(cronJob, note);
    await eachOf([...plan.forget, ...plan.replace], parallelDeletes, (job) => remove(cronJob, job));
    if (plan.create) await create(cronJob, plan.create);
  };

  return controller({
    name: "cronjob",
    watches: [watch(all), watch(allJobs, { keys: controllerKey("CronJob") })],
    reconcile: async (key) => {
      const cronJob = all.getByKey(key);
      if (!cronJob) return undefined;
      const owned = allJobs.byIndex("controller", cronJob.metadata?.uid ?? "");
      const plan = decide({ cronJob, jobs: owned, nowMs: clock.now() });
      await apply(cronJob, plan);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}
