import { type Job, jobs, type OwnerReference, type Pod } from "#api";
import { isNotFound } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { controllerOf } from "../shared/claim.ts";
import { podInformer } from "../shared/pods.ts";
import { releasePod } from "./release.ts";
import { finishedCondition, isManagedByOthers, isTracked } from "./tracking.ts";

/** Lets go of pods that are held for a job that will not count them any more: it is gone, finished, or not theirs. */
export function jobOrphanController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const all = informers.of(jobs);
  const allPods = podInformer(informers);

  const isAwaited = async (pod: Pod): Promise<boolean> => {
    const owner = controllerOf(pod);
    if (!owner) return false;
    if (owner.kind !== "Job" || !owner.apiVersion.startsWith("batch/")) return true;
    const job = await jobOf(owner, pod.metadata?.namespace);
    return job !== undefined && (isManagedByOthers(job) || !finishedCondition(job));
  };

  /** Pods may be known here before their job is: whether it is there at all only the server can say. */
  const jobOf = async ({ name, uid }: OwnerReference, namespace = ""): Promise<Job | undefined> => {
    const known = all.get(name, namespace);
    if (known?.metadata?.uid === uid) return known;
    try {
      const fresh = await client.resource(jobs, namespace).get(name);
      return fresh.metadata?.uid === uid ? fresh : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const heldBy = (job: Job) => allPods.byIndex("controller", job.metadata?.uid ?? "").filter(isTracked);

  return controller({
    name: "job-orphan",
    concurrency: 2,
    watches: [
      watch(allPods, { keys: (pod) => (isTracked(pod) ? [keyOf(pod)] : []) }),
      watch(all, {
        keys: (job) => heldBy(job).map(keyOf),
        when: (job) => finishedCondition(job) !== undefined,
      }),
    ],
    reconcile: async (key) => {
      const pod = allPods.getByKey(key);
      if (pod && isTracked(pod) && !(await isAwaited(pod))) await releasePod(client, pod);
      return undefined;
    },
  });
}
