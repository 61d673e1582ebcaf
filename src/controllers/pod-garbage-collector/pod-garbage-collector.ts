import { isPodTerminal, nodes, type Pod, pods } from "#api";
import { isNotFound, timestamp } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf } from "../shared/batches.ts";
import { podInformer } from "../shared/pods.ts";
import { surplusOf } from "./decide.ts";
import { endedPods, parallelDeletes, quarantineMs } from "./limits.ts";

/** Removes pods that nobody else will: those of nodes that are gone, and ended ones beyond what is kept. Keys are node names, or `#ended`. */
export function podGarbageCollector(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const all = informers.of(nodes);
  const allPods = podInformer(informers);
  const goneSinceMs = new Map<string, number>();

  const remove = async (pod: Pod): Promise<void> => {
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    const api = client.resource(pods, namespace);
    try {
      if (!isPodTerminal(pod)) {
        const patch = {
          metadata: { uid },
          status: { phase: "Failed", conditions: [disruption(timestamp(clock))] },
        };
        await api.patch(name, { type: "strategic", patch }, { subresource: "status" });
      }
      // Nobody is left who could end it gracefully.
      await api.delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  const collectOrphans = async (nodeName: string): Promise<{ requeueAfterMs: number } | undefined> => {
    if (all.get(nodeName) || allPods.byIndex("node", nodeName).length === 0) {
      goneSinceMs.delete(nodeName);
      return undefined;
    }
    const sinceMs = goneSinceMs.get(nodeName) ?? clock.monotonicMs();
    goneSinceMs.set(nodeName, sinceMs);
    const leftMs = sinceMs + quarantineMs - clock.monotonicMs();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    if (await existsReally(nodeName)) return { requeueAfterMs: quarantineMs };
    await eachOf(allPods.byIndex("node", nodeName), parallelDeletes, remove);
    return undefined;
  };

  const existsReally = async (nodeName: string): Promise<boolean> => {
    try {
      await client.resource(nodes).get(nodeName, { projection: "metadata" });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };

  return controller({
    name: "pod-garbage-collector",
    concurrency: 1,
    watches: [
      watch(all, { keys: (node) => [keyOf(node)], when: () => false }),
      watch(allPods, {
        keys: (pod) => [
          ...(pod.spec?.nodeName && !all.get(pod.spec.nodeName) ? [pod.spec.nodeName] : []),
          ...(isPodTerminal(pod) ? [endedKey] : []),
        ],
        when: (pod, old) =>
          pod.spec?.nodeName !== old.spec?.nodeName || isPodTerminal(pod) !== isPodTerminal(old),
      }),
    ],
    reconcile: async (key) => {
      if (key !== endedKey) return collectOrphans(key);
      // Cheap while there are few: only a cluster with more pods than may be kept has to sort them.
      if (allPods.size > endedPods)
        await eachOf(surplusOf(allPods.values(), endedPods), parallelDeletes, remove);
      return undefined;
    },
  });
}

/** No node's name has this sign. */
const endedKey = "#ended";

function disruption(lastTransitionTime: string): object {
  return {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    lastTransitionTime,
  };
}
