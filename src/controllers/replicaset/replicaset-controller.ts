import { type Pod, pods, type ReplicaSet, replicaSets } from "#api";
import { isNotFound, messageOf, timestamp } from "#base";
import { byController, type Informer, isNamespaceTerminating, splitKey } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf, slowStart } from "../shared/batches.ts";
import { applyClaim, controllerOf, controllerReference } from "../shared/claim.ts";
import { conditionOf, withCondition } from "../shared/condition.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { podFromTemplate, podInformer } from "../shared/pods.ts";
import { selectorOf } from "../shared/selectors.ts";
import { decide, type ReplicaSetPlan } from "./decide.ts";
import { parallelDeletes } from "./limits.ts";

/** Keeps as many pods of a replica set running as it asks for. */
export function replicaSetController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("replicaset-controller");
  const sets = informers.of(replicaSets).addIndex("controller", byController);
  const allPods = podInformer(informers);

  /** Pods on a node of this set and of its deployment's other sets: deleting thins out the fullest node first. */
  const siblingsOn = (replicaSet: ReplicaSet) => {
    let counts: Map<string, number> | undefined;
    // Counted when somebody is to go: a large set is looked at with every change of a pod.
    return (nodeName: string) => {
      counts ??= podsByNode(replicaSet);
      return counts.get(nodeName) ?? 0;
    };
  };

  const podsByNode = (replicaSet: ReplicaSet): Map<string, number> => {
    const owner = controllerOf(replicaSet)?.uid;
    const related = owner ? sets.byIndex("controller", owner) : [replicaSet];
    const counts = new Map<string, number>();
    for (const { metadata } of related) {
      for (const { spec } of allPods.byIndex("controller", metadata?.uid ?? "")) {
        if (spec?.nodeName) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1);
      }
    }
    return counts;
  };

  const create = async (replicaSet: ReplicaSet, count: number): Promise<unknown> => {
    const { namespace } = replicaSet.metadata ?? {};
    const owner = { reference: controllerReference(replicaSets, replicaSet), namespace };
    const pod = podFromTemplate(replicaSet.spec?.template, owner);
    const { failure } = await slowStart(count, async () => {
      const created = await client.resource(pods, namespace).create(pod);
      const message = `Created pod: ${created.metadata?.name}`;
      recorder.record(known(replicaSet), { type: "Normal", reason: "SuccessfulCreate", message });
    });
    if (failure === undefined || isNamespaceTerminating(failure)) return undefined;
    const message = `Error creating: ${messageOf(failure)}`;
    recorder.record(known(replicaSet), { type: "Warning", reason: "FailedCreate", message });
    return failure;
  };

  const remove = (replicaSet: ReplicaSet, pod: Pod): Promise<void> =>
    client
      .resource(pods, pod.metadata?.namespace)
      .delete(pod.metadata?.name ?? "", { preconditions: { uid: pod.metadata?.uid ?? "" } })
      .then(() => {
        const message = `Deleted pod: ${pod.metadata?.name}`;
        recorder.record(known(replicaSet), { type: "Normal", reason: "SuccessfulDelete", message });
      })
      .catch((error) => {
        if (!isNotFound(error)) throw error;
      });

  /** What is done shows in the caches at once and calls for another look, which writes the status. */
  const apply = async (replicaSet: ReplicaSet, plan: ReplicaSetPlan): Promise<void> => {
    const writer = { client, ownerResource: replicaSets, owner: replicaSet, resource: pods };
    await applyClaim(writer, plan.claim);
    await eachOf(plan.remove, parallelDeletes, (pod) => remove(replicaSet, pod));
    const failure = plan.create > 0 ? await create(replicaSet, plan.create) : undefined;
    if (failure !== undefined) {
      const now = timestamp(clock);
      const failed = {
        type: "ReplicaFailure",
        status: "True",
        reason: "FailedCreate",
        message: messageOf(failure),
      };
      const before = replicaSet.status?.conditions ?? [];
      // The names of pods in the message differ each time. Were it written each time, each attempt would call for the next one, without a pause.
      const isKnown = conditionOf(before, "ReplicaFailure")?.reason === failed.reason;
      const conditions = isKnown ? before : withCondition(before, failed, now);
      await patchStatus(client, replicaSets, replicaSet, { ...plan.status, conditions });
      throw failure;
    }
    if (plan.create === 0 && plan.remove.length === 0) {
      await patchStatus(client, replicaSets, replicaSet, plan.status);
    }
  };

  return controller({
    name: "replicaset",
    concurrency: 8,
    watches: [watch(sets), watch(allPods, { keys: (pod) => setsOf(pod, sets) })],
    reconcile: async (key) => {
      const replicaSet = sets.getByKey(key);
      if (!replicaSet) return undefined;
      const { uid = "" } = replicaSet.metadata ?? {};
      const { namespace = "" } = splitKey(key);
      const plan = decide({
        replicaSet,
        candidates: [...allPods.byIndex("controller", uid), ...allPods.byIndex("orphans", namespace)],
        siblingsOn: siblingsOn(replicaSet),
        nowMs: clock.now(),
      });
      await apply(replicaSet, plan);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const ownedBySet = controllerKey("ReplicaSet");

/** Sets that a pod concerns: the one that controls it, or all that might adopt it. */
function setsOf(pod: Pod, sets: Informer<ReplicaSet>): Iterable<string> {
  if (controllerOf(pod)) return ownedBySet(pod);
  const namespace = pod.metadata?.namespace ?? "";
  return sets
    .list(namespace)
    .filter((set) => selectorOf(set.spec?.selector).matches(pod.metadata?.labels))
    .map((set) => `${namespace}/${set.metadata?.name}`);
}

/** Items of lists come without kind; an event must name it. */
function known(replicaSet: ReplicaSet): ReplicaSet {
  return { ...replicaSet, apiVersion: "apps/v1", kind: "ReplicaSet" };
}
