import { isPodActive, type Pod, podCondition, pods } from "#api";
import { isNotFound, timestamp } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { podInformer } from "../shared/pods.ts";
import { staleDisruptionMs } from "./limits.ts";

/** Takes back that a pod is being disrupted when nobody came to delete it. */
export function staleDisruptionController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const allPods = podInformer(informers);
  return controller({
    name: "stale-pod-disruption",
    concurrency: 1,
    watches: [watch(allPods, { keys: (pod) => (isDisrupted(pod) ? [keyOf(pod)] : []) })],
    reconcile: async (key) => {
      const pod = allPods.getByKey(key);
      if (!pod || !isDisrupted(pod)) return undefined;
      const leftMs = disruptedSinceMs(pod) + staleDisruptionMs - clock.now();
      if (leftMs > 0) return { requeueAfterMs: leftMs };
      const { name = "", namespace, uid } = pod.metadata ?? {};
      const condition = { type: "DisruptionTarget", status: "False", lastTransitionTime: timestamp(clock) };
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      const api = client.resource(pods, namespace);
      await api.patch(name, { type: "strategic", patch }, { subresource: "status" }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      return undefined;
    },
  });
}

function isDisrupted(pod: Pod): boolean {
  return isPodActive(pod) && podCondition(pod, "DisruptionTarget")?.status === "True";
}

function disruptedSinceMs(pod: Pod): number {
  return Date.parse(podCondition(pod, "DisruptionTarget")?.lastTransitionTime ?? "") || 0;
}
