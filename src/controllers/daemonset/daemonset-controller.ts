import {
  type ControllerRevision,
  controllerRevisions,
  type DaemonSet,
  daemonSets,
  jsonEqual,
  nodes,
  type Pod,
  pods,
} from "#api";
import { isNotFound, messageOf } from "#base";
import { byController, isNamespaceTerminating, keyOf } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf, slowStart } from "../shared/batches.ts";
import { applyClaim, type Claim, claim, controllerOf } from "../shared/claim.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { byNamespaceOfOrphan, podInformer } from "../shared/pods.ts";
import { applyRevision, removeRevisions } from "../shared/revision-history.ts";
import { planRevision, revisionLabel, sortRevisions, surplusRevisions } from "../shared/revisions.ts";
import { selectorOf } from "../shared/selectors.ts";
import { type DaemonSetPlan, decide, type Removal } from "./decide.ts";
import { parallelDeletes, podBurst } from "./limits.ts";
import { hashOfRevision, newPod } from "./new-pod.ts";

/** Keeps one pod of a daemon set on every node that is meant for it. */
export function daemonSetController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("daemonset-controller");
  const sets = informers.of(daemonSets);
  const allNodes = informers.of(nodes);
  const allPods = podInformer(informers);
  const revisions = informers
    .of(controllerRevisions)
    .addIndex("controller", byController)
    .addIndex("orphans", byNamespaceOfOrphan);

  const say = (set: DaemonSet, type: "Normal" | "Warning", reason: string, message: string) =>
    recorder.record({ ...set, apiVersion: "apps/v1", kind: "DaemonSet" }, { type, reason, message });

  const create = async (
    set: DaemonSet,
    on: readonly string[],
    revision: ControllerRevision,
  ): Promise<void> => {
    const api = client.resource(pods, set.metadata?.namespace);
    const { failure } = await slowStart(Math.min(on.length, podBurst), async (at) => {
      const created = await api.create(newPod(set, on[at] as string, revision));
      say(set, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata?.name}`);
    });
    if (failure === undefined) return;
    if (!isNamespaceTerminating(failure)) {
      say(set, "Warning", "FailedCreate", `Error creating: ${messageOf(failure)}`);
    }
    throw failure;
  };

  const remove = async (set: DaemonSet, { pod, cause }: Removal): Promise<void> => {
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    const where = `daemon pod ${namespace}/${name} on node ${pod.spec?.nodeName}`;
    if (cause === "failed")
      say(set, "Warning", "FailedDaemonPod", `Found failed ${where}, will try to kill it`);
    if (cause === "ended") {
      say(set, "Normal", "SucceededDaemonPod", `Found succeeded ${where}, will try to delete it`);
    }
    try {
      await client.resource(pods, namespace).delete(name, { preconditions: { uid } });
      say(set, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  /** The set's revisions, oldest first; what of them it has lost is its own again. */
  const historyOf = async (set: DaemonSet): Promise<readonly ControllerRevision[]> => {
    const { uid = "", namespace = "" } = set.metadata ?? {};
    const candidates = [...revisions.byIndex("controller", uid), ...revisions.byIndex("orphans", namespace)];
    const claimed = claim(set, selectorOf(set.spec?.selector), candidates);
    const writer = { client, ownerResource: daemonSets, owner: set, resource: controllerRevisions };
    await applyClaim(writer, claimed);
    return sortRevisions(claimed.owned);
  };

  const apply = async (set: DaemonSet, plan: DaemonSetPlan, revision: ControllerRevision): Promise<void> => {
    const writer = { client, ownerResource: daemonSets, owner: set, resource: pods };
    await applyClaim(writer, plan.claim);
    await eachOf(plan.remove, parallelDeletes, (one) => remove(set, one));
    await create(set, plan.create, revision);
    await patchStatus(client, daemonSets, set, plan.status);
  };

  const removeOld = async (
    set: DaemonSet,
    { owned }: Claim<Pod>,
    { history, revision }: { history: readonly ControllerRevision[]; revision: ControllerRevision },
  ): Promise<void> => {
    const hashes = new Set(owned.map(({ metadata }) => metadata?.labels?.[revisionLabel]));
    const used = [revision, ...history.filter((one) => hashes.has(hashOfRevision(one)))];
    const names = new Set(used.map(({ metadata }) => metadata?.name ?? ""));
    await removeRevisions(client, surplusRevisions(set, history, names));
  };

  return controller({
    name: "daemonset",
    watches: [
      watch(sets),
      watch(allPods, { keys: (pod) => setsOf(pod, sets.list.bind(sets)) }),
      watch(revisions, { keys: controllerKey("DaemonSet"), when: () => false }),
      watch(allNodes, {
        keys: () => sets.list().map(keyOf),
        // Nodes report every few seconds; where pods may run changes seldom.
        when: ({ metadata, spec }, old) =>
          !jsonEqual(metadata?.labels ?? {}, old.metadata?.labels ?? {}) ||
          !jsonEqual(spec?.taints ?? [], old.spec?.taints ?? []),
      }),
    ],
    reconcile: async (key) => {
      const set = sets.getByKey(key);
      if (!set) return undefined;
      const { uid = "", namespace = "" } = set.metadata ?? {};
      const history = await historyOf(set);
      const planned = planRevision(daemonSets, set, history);
      const isGoing = set.metadata?.deletionTimestamp !== undefined;
      const revision = isGoing
        ? planned.revision
        : await applyRevision({ client, resource: daemonSets, owner: set }, planned);
      const plan = decide({
        set,
        candidates: [...allPods.byIndex("controller", uid), ...allPods.byIndex("orphans", namespace)],
        nodes: allNodes.list(),
        revision,
        nowMs: clock.now(),
      });
      await apply(set, plan, revision);
      if (!isGoing) await removeOld(set, plan.claim, { history, revision });
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const ownedBySet = controllerKey("DaemonSet");

/** Sets that a pod concerns: the one that controls it, or those that might adopt it. */
function setsOf(pod: Pod, list: (namespace: string) => readonly DaemonSet[]): Iterable<string> {
  if (controllerOf(pod)) return ownedBySet(pod);
  const { namespace = "", labels } = pod.metadata ?? {};
  return list(namespace)
    .filter((set) => selectorOf(set.spec?.selector).matches(labels))
    .map(keyOf);
}
