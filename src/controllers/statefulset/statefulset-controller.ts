import {
  type ControllerRevision,
  controllerRevisions,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
  type StatefulSet,
  statefulSets,
} from "#api";
import { isAlreadyExists, isNotFound, messageOf } from "#base";
import { byController, isNamespaceTerminating, keyOf } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf, slowStart } from "../shared/batches.ts";
import { applyClaim, claim, controllerOf } from "../shared/claim.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { byNamespaceOfOrphan, podInformer } from "../shared/pods.ts";
import { applyRevision, removeRevisions } from "../shared/revision-history.ts";
import { planRevision, sortRevisions, surplusRevisions } from "../shared/revisions.ts";
import { selectorOf } from "../shared/selectors.ts";
import type { Ownership } from "./claims.ts";
import { decide, type Relabelling, type Removal, type StatefulSetPlan } from "./decide.ts";
import { ordinalOf } from "./identity.ts";
import { parallelWrites } from "./limits.ts";
import { revisionOf } from "./pod-state.ts";

/** Keeps the pods of stateful sets, each with its name and its claims, and rolls them over one by one. */
export function statefulSetController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("statefulset-controller");
  const sets = informers.of(statefulSets);
  const allPods = podInformer(informers);
  const claims = informers.of(persistentVolumeClaims);
  const revisions = informers
    .of(controllerRevisions)
    .addIndex("controller", byController)
    .addIndex("orphans", byNamespaceOfOrphan);

  const say = (set: StatefulSet, type: "Normal" | "Warning", reason: string, message: string) =>
    recorder.record({ ...set, apiVersion: "apps/v1", kind: "StatefulSet" }, { type, reason, message });

  const createClaim = async (set: StatefulSet, wanted: PersistentVolumeClaim): Promise<void> => {
    const { name, namespace } = wanted.metadata ?? {};
    await client
      .resource(persistentVolumeClaims, namespace)
      .create(wanted)
      .catch((error) => {
        if (!isAlreadyExists(error)) throw error;
      });
    say(
      set,
      "Normal",
      "SuccessfulCreate",
      `create Claim ${name} in StatefulSet ${set.metadata?.name} success`,
    );
  };

  const own = async ({ claim: { metadata }, add, remove }: Ownership): Promise<void> => {
    const { name = "", namespace, uid } = metadata ?? {};
    const ownerReferences = [...add, ...remove.map((gone) => ({ $patch: "delete", uid: gone }))];
    const patch = { metadata: { uid, ownerReferences } };
    await client
      .resource(persistentVolumeClaims, namespace)
      .patch(name, { type: "strategic", patch })
      .catch(ignoreMissing);
  };

  const create = async (set: StatefulSet, wanted: readonly Pod[]): Promise<void> => {
    const { failure } = await slowStart(wanted.length, async (at) => {
      const pod = wanted[at] as Pod;
      const { name, namespace } = pod.metadata ?? {};
      const what = `create Pod ${name} in StatefulSet ${set.metadata?.name}`;
      try {
        await client.resource(pods, namespace).create(pod);
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          say(set, "Warning", "FailedCreate", `${what} failed error: ${messageOf(error)}`);
        }
        throw error;
      }
      say(set, "Normal", "SuccessfulCreate", `${what} successful`);
    });
    if (failure !== undefined) throw failure;
  };

  const remove = async (set: StatefulSet, { pod, cause }: Removal): Promise<void> => {
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    const owner = `StatefulSet ${set.metadata?.namespace}/${set.metadata?.name}`;
    if (cause === "failed") {
      say(set, "Warning", "RecreatingFailedPod", `${owner} is recreating failed Pod ${name}`);
    }
    if (cause === "ended") {
      say(set, "Normal", "RecreatingTerminatedPod", `${owner} is recreating terminated Pod ${name}`);
    }
    await client.resource(pods, namespace).delete(name, { preconditions: { uid } }).catch(ignoreMissing);
    const message = `delete Pod ${name} in StatefulSet ${set.metadata?.name} successful`;
    say(set, "Normal", "SuccessfulDelete", message);
  };

  const relabel = async ({ pod, labels }: Relabelling): Promise<void> => {
    const { name = "", namespace, uid } = pod.metadata ?? {};
    const patch = { metadata: { uid, labels } };
    await client.resource(pods, namespace).patch(name, { type: "merge", patch }).catch(ignoreMissing);
  };

  /** The set's revisions, oldest first; what of them it has lost is its own again. */
  const historyOf = async (set: StatefulSet): Promise<readonly ControllerRevision[]> => {
    const { uid = "", namespace = "" } = set.metadata ?? {};
    const candidates = [...revisions.byIndex("controller", uid), ...revisions.byIndex("orphans", namespace)];
    const claimed = claim(set, selectorOf(set.spec?.selector), candidates);
    const writer = { client, ownerResource: statefulSets, owner: set, resource: controllerRevisions };
    await applyClaim(writer, claimed);
    return sortRevisions(claimed.owned);
  };

  /** Claims before the pods that need them, their owners before the pods that take them along. */
  const apply = async (set: StatefulSet, plan: StatefulSetPlan): Promise<void> => {
    const writer = { client, ownerResource: statefulSets, owner: set, resource: pods };
    await applyClaim(writer, plan.claim);
    await eachOf(plan.createClaims, parallelWrites, (one) => createClaim(set, one));
    await eachOf(plan.own, parallelWrites, own);
    await eachOf(plan.relabel, parallelWrites, relabel);
    await create(set, plan.create);
    await eachOf(plan.remove, parallelWrites, (one) => remove(set, one));
    await patchStatus(client, statefulSets, set, plan.status);
  };

  return controller({
    name: "statefulset",
    watches: [
      watch(sets),
      watch(allPods, { keys: (pod) => setsOf(pod, sets.list.bind(sets)) }),
      watch(revisions, { keys: controllerKey("StatefulSet"), when: () => false }),
      // A claim that is gone makes room for the next of its name.
      watch(claims, { keys: (one) => setsOfClaim(one, sets.list.bind(sets)), when: () => false }),
    ],
    reconcile: async (key) => {
      const set = sets.getByKey(key);
      if (!set) return undefined;
      const { uid = "", namespace = "" } = set.metadata ?? {};
      const history = await historyOf(set);
      const planned = planRevision(statefulSets, set, history);
      const isGoing = set.metadata?.deletionTimestamp !== undefined;
      const update = isGoing
        ? planned.revision
        : await applyRevision({ client, resource: statefulSets, owner: set }, planned);
      const current =
        history.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
      const plan = decide({
        set,
        candidates: [...allPods.byIndex("controller", uid), ...allPods.byIndex("orphans", namespace)],
        revisions: { current, update },
        claimNamed: (name) => claims.get(name, namespace),
        nowMs: clock.now(),
      });
      await apply(set, plan);
      const inUse = new Set([current, update].map(({ metadata }) => metadata?.name ?? ""));
      for (const pod of plan.claim.owned) inUse.add(revisionOf(pod) ?? "");
      if (!isGoing) await removeRevisions(client, surplusRevisions(set, history, inUse));
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const ownedBySet = controllerKey("StatefulSet");

type ListSets = (namespace: string) => readonly StatefulSet[];

/** Sets that a pod concerns: the one that controls it, or those that might adopt it. */
function setsOf(pod: Pod, list: ListSets): Iterable<string> {
  if (controllerOf(pod)) return ownedBySet(pod);
  const { name, namespace = "", labels } = pod.metadata ?? {};
  return list(namespace)
    .filter((set) => ordinalOf(set, name) !== undefined)
    .filter((set) => selectorOf(set.spec?.selector).matches(labels))
    .map(keyOf);
}

/** Sets whose claims may be called so. */
function setsOfClaim({ metadata }: PersistentVolumeClaim, list: ListSets): Iterable<string> {
  const { name = "", namespace = "" } = metadata ?? {};
  const isNamed = (set: StatefulSet) =>
    set.spec?.volumeClaimTemplates?.some((template) =>
      name.startsWith(`${template.metadata?.name}-${set.metadata?.name}-`),
    );
  return list(namespace).filter(isNamed).map(keyOf);
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
