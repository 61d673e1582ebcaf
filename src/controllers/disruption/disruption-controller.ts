import {
  deployments,
  type KubernetesObject,
  type Labels,
  type OwnerReference,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplateSpec,
  podDisruptionBudgets,
  replicaSets,
  replicationControllers,
  statefulSets,
} from "#api";
import { type Informer, keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { podInformer, podsWith } from "../shared/pods.ts";
import { selectorOf } from "../shared/selectors.ts";
import { type BudgetPlan, decide } from "./decide.ts";
import { NotedDisruptions } from "./noted-disruptions.ts";

/** What says how many pods there are to be. */
interface Scaled extends KubernetesObject {
  spec?: { replicas?: number; template?: PodTemplateSpec };
}

/** Works out, for every disruption budget, how many of its pods may be evicted now. */
export function disruptionController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("controllermanager");
  const budgets = informers.of(podDisruptionBudgets);
  const noted = new NotedDisruptions(clock);
  const allPods = podInformer(informers);
  const owners = {
    Deployment: informers.of(deployments),
    ReplicaSet: informers.of(replicaSets),
    StatefulSet: informers.of(statefulSets),
    ReplicationController: informers.of(replicationControllers),
  };

  const findOwner = ({ kind, name, uid }: OwnerReference, namespace: string) => {
    if (!Object.hasOwn(owners, kind)) return undefined;
    const found = owners[kind as keyof typeof owners].get(name, namespace);
    return found?.metadata?.uid === uid ? found : undefined;
  };

  /** Keys of the budgets that select these labels. */
  const budgetsFor = (namespace = "", labels: Labels = {}): readonly string[] =>
    budgets
      .list(namespace)
      .filter(({ spec }) => selectorOf(spec?.selector).matches(labels))
      .map(keyOf);

  const resized = <T extends Scaled>(informer: Informer<T>) =>
    watch(informer, {
      keys: ({ metadata, spec }) => budgetsFor(metadata?.namespace, spec?.template?.metadata?.labels),
      when: (scaled, old) => scaled.spec?.replicas !== old.spec?.replicas,
    });

  const tell = (budget: PodDisruptionBudget, plan: BudgetPlan, pods: readonly Pod[]) => {
    const about = { ...budget, apiVersion: "policy/v1", kind: "PodDisruptionBudget" };
    const { name, namespace } = budget.metadata ?? {};
    if (pods.length === 0) {
      recorder.record(about, { type: "Normal", reason: "NoPods", message: "No matching pods found" });
    }
    if (plan.failure !== undefined) {
      const message = `Failed to calculate the number of expected pods: ${plan.failure}`;
      recorder.record(about, { type: "Warning", reason: "CalculateExpectedPodCountFailed", message });
    }
    if (plan.unmanaged.length > 0) {
      recorder.record(about, { type: "Warning", reason: "UnmanagedPods", message: unmanagedMessage });
    }
    for (const pod of plan.notDeleted) {
      const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
      const known = { ...pod, apiVersion: "v1", kind: "Pod" };
      recorder.record(known, { type: "Warning", reason: "NotDeleted", message });
    }
  };

  return controller({
    name: "disruption",
    watches: [
      watch(budgets),
      watch(allPods, { keys: ({ metadata }) => budgetsFor(metadata?.namespace, metadata?.labels) }),
      resized(owners.Deployment),
      resized(owners.ReplicaSet),
      resized(owners.StatefulSet),
      resized(owners.ReplicationController),
    ],
    reconcile: async (key) => {
      const budget = budgets.getByKey(key);
      if (!budget) {
        noted.forget(key);
        return undefined;
      }
      const pods = podsWith(allPods, budget.metadata?.namespace ?? "", selectorOf(budget.spec?.selector));
      const plan = decide({ budget, pods, findOwner, knownForMs: noted.look(budget), nowMs: clock.now() });
      // An eviction may have taken from the budget since it was read: that must not be given back.
      const isNews = await patchStatus(client, podDisruptionBudgets, budget, plan.status, {
        ifUnchanged: true,
      });
      if (isNews) tell(budget, plan, pods);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

const unmanagedMessage =
  "Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set `.spec.minAvailable` field of the PDB to an integer value.";
