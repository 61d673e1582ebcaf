import { type Deployment, deployments, jsonEqual, type ReplicaSet, replicaSets } from "#api";
import { isAlreadyExists, isNotFound } from "#base";
import { byController } from "#client";
import { type Controller, controller, controllerKey, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { applyClaim, controllerOf } from "../shared/claim.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { byNamespaceOfOrphan, podInformer } from "../shared/pods.ts";
import { revisionAnnotation, sizeAnnotations } from "./annotations.ts";
import { type Amendment, type DeploymentPlan, decide } from "./decide.ts";
import { specReplicas, withoutHash } from "./replica-sets.ts";
import { rollingParameters } from "./rolling-parameters.ts";
import type { SizeChange } from "./rollout.ts";

/** Rolls deployments: replica sets for their templates, sized step by step. */
export function deploymentController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("deployment-controller");
  const all = informers.of(deployments);
  const sets = informers
    .of(replicaSets)
    .addIndex("controller", byController)
    .addIndex("orphans", byNamespaceOfOrphan);
  const allPods = podInformer(informers);
  const setsIn = (namespace: string) => client.resource(replicaSets, namespace);

  const say = (deployment: Deployment, name: string | undefined, from: number, to: number) => {
    const direction = to > from ? "up" : "down";
    const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
    const subject = { ...deployment, apiVersion: "apps/v1", kind: "Deployment" };
    recorder.record(subject, { type: "Normal", reason: "ScalingReplicaSet", message });
  };

  const create = async (deployment: Deployment, replicaSet: ReplicaSet): Promise<void> => {
    const { name = "", namespace = "" } = replicaSet.metadata ?? {};
    try {
      await setsIn(namespace).create(replicaSet);
      if (specReplicas(replicaSet) > 0) say(deployment, name, 0, specReplicas(replicaSet));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const there = await setsIn(namespace).get(name);
      const isOurs = controllerOf(there)?.uid === deployment.metadata?.uid;
      if (isOurs && jsonEqual(withoutHash(there.spec?.template), withoutHash(replicaSet.spec?.template)))
        return;
      // The name is taken by another template with the same hash: the next look finds another name.
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      await patchStatus(client, deployments, deployment, { ...deployment.status, collisionCount });
    }
  };

  const scale = async (deployment: Deployment, { replicaSet, replicas }: SizeChange): Promise<void> => {
    const { name = "", namespace = "", uid, resourceVersion } = replicaSet.metadata ?? {};
    const wanted = deployment.spec?.replicas ?? 1;
    const annotations = sizeAnnotations(wanted, wanted + rollingParameters(deployment).maxSurge);
    const patch = { metadata: { uid, resourceVersion, annotations }, spec: { replicas } };
    await setsIn(namespace).patch(name, { type: "merge", patch });
    const before = specReplicas(replicaSet);
    if (before !== replicas) say(deployment, name, before, replicas);
  };

  const amend = ({ replicaSet, annotations, minReadySeconds }: Amendment): Promise<ReplicaSet> => {
    const { name = "", namespace = "", uid } = replicaSet.metadata ?? {};
    const patch = { metadata: { uid, annotations }, spec: { minReadySeconds } };
    return setsIn(namespace).patch(name, { type: "merge", patch });
  };

  const remove = (replicaSet: ReplicaSet): Promise<unknown> => {
    const { name = "", namespace = "", uid = "" } = replicaSet.metadata ?? {};
    const preconditions = { uid };
    return setsIn(namespace)
      .delete(name, { preconditions, propagationPolicy: "Background" })
      .catch((error) => {
        if (!isNotFound(error)) throw error;
      });
  };

  const setRevision = (deployment: Deployment, revision: string): Promise<unknown> => {
    const { name = "", namespace, uid } = deployment.metadata ?? {};
    const patch = { metadata: { uid, annotations: { [revisionAnnotation]: revision } } };
    return client.resource(deployments, namespace).patch(name, { type: "merge", patch });
  };

  /** Sets first: pods wait for them. What is written shows in the caches and calls for the next step. */
  const apply = async (deployment: Deployment, plan: DeploymentPlan): Promise<void> => {
    const writer = { client, ownerResource: deployments, owner: deployment, resource: replicaSets };
    await applyClaim(writer, plan.claim);
    if (plan.create) await create(deployment, plan.create);
    // One after the other: both may concern the same set.
    for (const change of plan.scale) await scale(deployment, change);
    await Promise.all([
      plan.amend ? amend(plan.amend) : undefined,
      plan.revision ? setRevision(deployment, plan.revision) : undefined,
      ...plan.remove.map(remove),
    ]);
    await patchStatus(client, deployments, deployment, plan.status);
  };

  return controller({
    name: "deployment",
    watches: [
      watch(all),
      watch(sets, { keys: (set) => deploymentsOf(set, all.list.bind(all)) }),
      watch(allPods, {
        keys: (pod) =>
          recreatingDeploymentOf(controllerOf(pod)?.name, pod.metadata?.namespace ?? "", { sets, all }),
        when: (pod, old) => pod.status?.phase !== old.status?.phase,
      }),
    ],
    reconcile: async (key) => {
      const deployment = all.getByKey(key);
      if (!deployment) return undefined;
      const { uid = "", namespace = "" } = deployment.metadata ?? {};
      const plan = decide({
        deployment,
        candidates: [...sets.byIndex("controller", uid), ...sets.byIndex("orphans", namespace)],
        hasOldPods: (old) =>
          old.some((set) => hasRunningPods(allPods.byIndex("controller", set.metadata?.uid ?? ""))),
        nowMs: clock.now(),
      });
      await apply(deployment, plan);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const ownedByDeployment = controllerKey("Deployment");

/** Deployments that a set concerns: the one that controls it, or all of its namespace that might adopt it. */
function deploymentsOf(
  set: ReplicaSet,
  list: (namespace: string) => readonly Deployment[],
): Iterable<string> {
  if (controllerOf(set)) return ownedByDeployment(set);
  const namespace = set.metadata?.namespace ?? "";
  return list(namespace).map((deployment) => `${namespace}/${deployment.metadata?.name}`);
}

interface Lookup<T> {
  get(name: string, namespace?: string): T | undefined;
}

/** A recreating rollout waits for the pods of old sets; nobody else cares about single pods. */
function recreatingDeploymentOf(
  setName: string | undefined,
  namespace: string,
  { sets, all }: { sets: Lookup<ReplicaSet>; all: Lookup<Deployment> },
): Iterable<string> {
  const set = setName === undefined ? undefined : sets.get(setName, namespace);
  const name = set && controllerOf(set)?.name;
  const deployment = name === undefined ? undefined : all.get(name, namespace);
  return deployment?.spec?.strategy?.type === "Recreate" ? [`${namespace}/${name}`] : [];
}

function hasRunningPods(pods: readonly { status?: { phase?: string } }[]): boolean {
  return pods.some(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
}
