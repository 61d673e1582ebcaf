import { type Job, jobs } from "#api";
import { isNotFound } from "#base";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { expiresAtMs } from "./decide.ts";

/** Deletes finished jobs, their pods before them, `ttlSecondsAfterFinished` after their end. */
export function ttlAfterFinishedController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const all = informers.of(jobs);

  const leftMs = (job: Job): number | undefined => {
    const atMs = expiresAtMs(job);
    return atMs === undefined || Number.isNaN(atMs) ? undefined : atMs - clock.now();
  };

  return controller({
    name: "ttl-after-finished",
    watches: [watch(all)],
    reconcile: async (key) => {
      const job = all.getByKey(key);
      const waitMs = job && leftMs(job);
      if (!job || waitMs === undefined) return undefined;
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const { name = "", namespace, uid = "" } = job.metadata ?? {};
      const api = client.resource(jobs, namespace);
      try {
        // What the cache knows may be old: somebody may just have given the job more time.
        const fresh = await api.get(name);
        const freshMs = fresh.metadata?.uid === uid ? leftMs(fresh) : undefined;
        if (freshMs === undefined) return undefined;
        if (freshMs > 0) return { requeueAfterMs: freshMs };
        await api.delete(name, { preconditions: { uid }, propagationPolicy: "Foreground" });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return undefined;
    },
  });
}
