import { type Job, type JobStatus, jobs, type Pod, pods } from "#api";
import { isNotFound, messageOf } from "#base";
import { isNamespaceTerminating, keyOf } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf, slowStart } from "../shared/batches.ts";
import { applyClaim, controllerOf } from "../shared/claim.ts";
import { conditionOf } from "../shared/condition.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { podInformer } from "../shared/pods.ts";
import { selectorOf } from "../shared/selectors.ts";
import { decide, type JobPlan } from "./decide.ts";
import { parallelWrites } from "./limits.ts";
import { newPod } from "./new-pod.ts";
import { releasePod } from "./release.ts";
import type { NewPod } from "./size.ts";
import { trackingFinalizer } from "./tracking.ts";

/** Runs the pods of jobs until enough of them have succeeded, or too many have failed. */
export function jobController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("job-controller");
  const all = informers.of(jobs);
  const allPods = podInformer(informers);

  const say = (job: Job, type: "Normal" | "Warning", reason: string, message: string) =>
    recorder.record({ ...job, apiVersion: "batch/v1", kind: "Job" }, { type, reason, message });

  const create = async (job: Job, wanted: readonly NewPod[]): Promise<void> => {
    const api = client.resource(pods, job.metadata?.namespace);
    const { failure } = await slowStart(wanted.length, async (at) => {
      const created = await api.create(newPod(job, wanted[at] as NewPod));
      say(job, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata?.name}`);
    });
    if (failure === undefined) return;
    if (!isNamespaceTerminating(failure)) {
      say(job, "Warning", "FailedCreate", `Error creating: ${messageOf(failure)}`);
    }
    throw failure;
  };

  const remove = async (job: Job, pod: Pod): Promise<void> => {
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    try {
      await client.resource(pods, namespace).delete(name, { preconditions: { uid } });
      say(job, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  /** Tells people what the new status says that the old one did not. */
  const tell = (job: Job, status: JobStatus): void => {
    const becomes = (type: string, holds: string) => {
      const condition = conditionOf(status.conditions, type);
      return condition?.status === holds && conditionOf(job.status?.conditions, type)?.status !== holds
        ? condition
        : undefined;
    };
    if (becomes("Suspended", "True")) say(job, "Normal", "Suspended", "Job suspended");
    if (becomes("Suspended", "False")) say(job, "Normal", "Resumed", "Job resumed");
    const failed = becomes("Failed", "True");
    if (failed) say(job, "Warning", failed.reason ?? "", failed.message ?? "");
    if (!becomes("Complete", "True")) return;
    if ((status.succeeded ?? 0) > (job.spec?.completions ?? Number.POSITIVE_INFINITY)) {
      const message = "Too many succeeded pods running after completion count reached";
      say(job, "Warning", "TooManySucceededPods", message);
    }
    say(job, "Normal", "Completed", "Job completed");
  };

  /** The status before the pods that it names; a job that was written meanwhile is looked at again: what is counted is counted once. */
  const apply = async (job: Job, plan: JobPlan): Promise<void> => {
    const writer = {
      client,
      ownerResource: jobs,
      owner: job,
      resource: pods,
      finalizers: [trackingFinalizer],
    };
    await applyClaim(writer, plan.claim);
    const isNews = await patchStatus(client, jobs, job, plan.status, { ifUnchanged: true });
    if (isNews) tell(job, plan.status);
    await eachOf(plan.end, parallelWrites, (pod) => remove(job, pod));
    await eachOf(plan.release, parallelWrites, (pod) => releasePod(client, pod));
    await eachOf(plan.remove, parallelWrites, async (pod) => {
      await releasePod(client, pod);
      await remove(job, pod);
    });
    await create(job, plan.create);
  };

  return controller({
    name: "job",
    concurrency: 8,
    watches: [watch(all), watch(allPods, { keys: (pod) => jobsOf(pod, all.list.bind(all)) })],
    reconcile: async (key) => {
      const job = all.getByKey(key);
      if (!job) return undefined;
      const { uid = "", namespace = "" } = job.metadata ?? {};
      const plan = decide({
        job,
        candidates: [...allPods.byIndex("controller", uid), ...allPods.byIndex("orphans", namespace)],
        nowMs: clock.now(),
      });
      if (!plan) return undefined;
      await apply(job, plan);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const ownedByJob = controllerKey("Job");

/** Jobs that a pod concerns: the one that controls it, or those that might adopt it. */
function jobsOf(pod: Pod, list: (namespace: string) => readonly Job[]): Iterable<string> {
  if (controllerOf(pod)) return ownedByJob(pod);
  const { namespace = "", labels } = pod.metadata ?? {};
  return list(namespace)
    .filter((job) => selectorOf(job.spec?.selector).matches(labels))
    .map(keyOf);
}
