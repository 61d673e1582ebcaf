import {
  budgetsOf,
  cloneJson,
  disruptionAllowed,
  isPodLeaving,
  isPodReady,
  isPodTerminal,
  type Pod,
  type PodCondition,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  podDisruptionBudgets,
  withDisruptionAllowed,
} from "#api";
import { ApiError, forbidden, internalError, isConflict, notFound, timestamp } from "#base";
import { budgetPauseSeconds, maxConflictRetries, maxDisruptedPods } from "../limits.ts";
import { checkPreconditions, type Deletion, deleteObject } from "./delete.ts";
import type { Machinery, WriteRequest } from "./machinery.ts";
import { subjectOf } from "./subject.ts";
import { type UpdateRules, updateObject } from "./update.ts";

/**
 * Deletes a pod unless a disruption budget forbids it: `pods/eviction`.
 *
 *     ended, pending or leaving ──────────────────────────────────────────────► deleted: nobody would miss it
 *     not ready, and the budget met without it or indifferent to such pods ───► deleted, if it is still the pod that was looked at
 *     else ──► one disruption is taken off the budget, the pod noted in it ───► deleted
 *                       └─ none left: TooManyRequests, worth another try
 */
export async function evictPod(
  machinery: Machinery,
  request: WriteRequest,
  deletion: Deletion,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const pod = podOf(machinery, request);
    checkPreconditions(request, pod.metadata?.name ?? "", pod, deletion);
    if (!isMissed(pod)) {
      const isFinal = isPodTerminal(pod) || isPodLeaving(pod);
      try {
        return await remove(machinery, request, isFinal ? deletion : pinned(deletion, pod));
      } catch (error) {
        // It changed meanwhile: it may be one that a budget counts on by now.
        if (!isConflict(error) || isPinned(deletion) || attempt === maxConflictRetries) throw error;
        continue;
      }
    }
    const budget = budgetOf(machinery, pod);
    if (!budget) return remove(machinery, request, deletion);
    if (isPodReady(pod) || !mayGoUnready(budget)) {
      await spend(machinery, request, budget, pod);
      return remove(machinery, request, deletion);
    }
    return remove(machinery, request, pinned(deletion, pod)).catch((error) => {
      if (isConflict(error) && !isPinned(deletion)) throw stillProcessed(budget);
      throw error;
    });
  }
}

function podOf(machinery: Machinery, { kind, attributes }: WriteRequest): Pod {
  const { name = "", namespace } = attributes;
  const entry = machinery.store.get(kind.key(name, namespace));
  if (!entry) throw notFound(subjectOf(kind, name));
  return machinery.objects.peek(kind, entry) as Pod;
}

/** Whether somebody may count on the pod: it does, or did, run. */
function isMissed(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.status?.phase !== "Pending" && !isPodLeaving(pod);
}

function budgetOf({ read }: Machinery, pod: Pod): PodDisruptionBudget | undefined {
  const [budget, ...others] = budgetsOf(pod, read.list(podDisruptionBudgets, pod.metadata?.namespace));
  if (others.length > 0) {
    throw internalError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  return budget;
}

/** Whether a pod that is not ready may go without counting: when the policy says so, or when enough others are ready. */
function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Takes one disruption off the budget and notes the pod, which the controller counts as gone from now on. */
async function spend(
  machinery: Machinery,
  request: WriteRequest,
  { metadata }: PodDisruptionBudget,
  pod: Pod,
): Promise<void> {
  const { name = "", namespace = "" } = metadata ?? {};
  const kind = machinery.catalogue.of(podDisruptionBudgets);
  const at = { resource: podDisruptionBudgets, name, namespace, subresource: "status", verb: "update" };
  const write = { ...request, kind, attributes: { ...request.attributes, ...at } };
  await updateObject(machinery, write, {
    next(old) {
      const budget = cloneJson((old ?? {}) as PodDisruptionBudget);
      checkBudget(budget);
      budget.status = spent(budget, pod.metadata?.name ?? "", timestamp(machinery.clock));
      // Whoever evicts has not read the budget; what is decided here is decided on what is stored.
      delete budget.metadata?.resourceVersion;
      return budget;
    },
    rules: ownRules,
    recordsFields: false,
  });
}

/** What is written here is decided here. */
const ownRules: UpdateRules = { prepareForUpdate: () => {}, validateUpdate: () => [] };

function spent(budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudgetStatus {
  const { status = {} } = budget;
  const allowed = (status.disruptionsAllowed ?? 0) - 1;
  const verdict = { allowed, generation: status.observedGeneration ?? 0, now };
  return {
    ...status,
    disruptionsAllowed: allowed,
    disruptedPods: { ...status.disruptedPods, [podName]: now },
    ...(allowed === 0 ? { conditions: withDisruptionAllowed(status.conditions, verdict) } : {}),
  };
}

function checkBudget(budget: PodDisruptionBudget): void {
  const { metadata, status = {} } = budget;
  const { disruptionsAllowed = 0, disruptedPods = {} } = status;
  const subject = { resource: "poddisruptionbudget", group: "policy", name: metadata?.name ?? "" };
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0)) throw stillProcessed(budget);
  if (disruptionsAllowed < 0) throw forbidden(subject, "pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    throw forbidden(
      subject,
      "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
    );
  }
  if (disruptionsAllowed === 0) throw refused(whyNot(budget), 0);
}

function whyNot({ metadata, status = {} }: PodDisruptionBudget): string {
  const condition = status.conditions?.find(({ type }) => type === disruptionAllowed);
  if (condition?.reason === "SyncFailed") {
    return `The disruption budget ${metadata?.name} does not allow evicting pods currently because it failed sync: ${condition.message}`;
  }
  return `The disruption budget ${metadata?.name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`;
}

function stillProcessed({ metadata }: PodDisruptionBudget): ApiError {
  const why = `The disruption budget ${metadata?.name} is still being processed by the server.`;
  return refused(why, budgetPauseSeconds);
}

function refused(why: string, retryAfterSeconds: number): ApiError {
  return new ApiError(
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      details: {
        causes: [{ reason: "DisruptionBudget", message: why }],
        ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
      },
    },
  );
}

/** Says in the pod's status why it goes, then deletes it. */
async function remove(machinery: Machinery, request: WriteRequest, deletion: Deletion): Promise<void> {
  const { name = "", namespace } = request.attributes;
  const pod = request.dryRun ? undefined : await noteEviction(machinery, request, deletion);
  // The note made another version of it.
  const next = pod && isPinned(deletion) ? pinned(deletion, pod) : deletion;
  await deleteObject(machinery, request, name, namespace, next);
}

async function noteEviction(machinery: Machinery, request: WriteRequest, deletion: Deletion): Promise<Pod> {
  const attributes = { ...request.attributes, subresource: "status", verb: "update" };
  const written = await updateObject(
    machinery,
    { ...request, attributes },
    {
      next(old) {
        const pod = cloneJson((old ?? {}) as Pod);
        checkPreconditions(request, attributes.name ?? "", pod, deletion);
        delete pod.metadata?.resourceVersion;
        pod.status = { ...pod.status, conditions: evicting(pod, timestamp(machinery.clock)) };
        return pod;
      },
      rules: ownRules,
      recordsFields: false,
    },
  );
  return written.object as Pod;
}

function evicting({ status }: Pod, now: string): PodCondition[] {
  const others = status?.conditions?.filter(({ type }) => type !== "DisruptionTarget") ?? [];
  const old = status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  return [
    ...others,
    {
      type: "DisruptionTarget",
      status: "True",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
      lastTransitionTime: old?.status === "True" ? (old.lastTransitionTime ?? now) : now,
    },
  ];
}

/** Only the pod as it was looked at. */
function pinned(deletion: Deletion, { metadata }: Pod): Deletion {
  const { resourceVersion = "" } = metadata ?? {};
  return { ...deletion, preconditions: { ...deletion.preconditions, resourceVersion } };
}

function isPinned({ preconditions }: Deletion): boolean {
  return preconditions?.resourceVersion !== undefined;
}
