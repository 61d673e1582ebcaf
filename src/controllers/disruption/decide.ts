import {
  type Condition,
  countOf,
  disruptionAllowed,
  isPodReady,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  withDisruptionAllowed,
} from "#api";
import { messageOf } from "#base";
import { withCondition } from "../shared/condition.ts";
import { deletionTimeoutMs } from "./limits.ts";
import type { KnownForMs } from "./noted-disruptions.ts";
import { expectedScale, type FindOwner } from "./scale.ts";

/** All that the decision depends on. */
export interface BudgetWorld {
  readonly budget: PodDisruptionBudget;
  /** Pods of the namespace that the budget selects. */
  readonly pods: readonly Pod[];
  readonly findOwner: FindOwner;
  readonly knownForMs: KnownForMs;
  readonly nowMs: number;
}

export interface BudgetPlan {
  readonly status: PodDisruptionBudgetStatus;
  /** Pods that nobody controls, when the budget depends on who does. */
  readonly unmanaged: readonly Pod[];
  /** Evictions that were allowed, and whose pods are still there. */
  readonly notDeleted: readonly Pod[];
  /** Why the budget could not be worked out; it allows nothing then. */
  readonly failure: string | undefined;
  /** When the next eviction that was allowed counts as not done, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

/** How many of the pods may go now: as many as are healthy beyond those that must be. */
export function decide(world: BudgetWorld): BudgetPlan {
  const { budget, pods, nowMs } = world;
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const disrupted = disruptedPods(world);
  const base = { notDeleted: disrupted.notDeleted, requeueAfterMs: disrupted.requeueAfterMs };
  let needs: Needs;
  try {
    needs = needsOf(world);
  } catch (error) {
    const failure = messageOf(error);
    return { ...base, status: failed(budget, failure, now), unmanaged: [], failure };
  }
  const { expected, desired, unmanaged } = needs;
  const healthy = pods.filter((pod) => isCounted(pod, disrupted.still)).length;
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
  const generation = budget.metadata?.generation ?? 0;
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: generation,
    expectedPods: expected,
    desiredHealthy: desired,
    currentHealthy: healthy,
    disruptionsAllowed: allowed,
    conditions: withDisruptionAllowed(budget.status?.conditions, { allowed, generation, now }),
    ...(Object.keys(disrupted.still).length > 0 ? { disruptedPods: disrupted.still } : {}),
  };
  return { ...base, status, unmanaged, failure: undefined };
}

interface Needs {
  readonly expected: number;
  readonly desired: number;
  readonly unmanaged: readonly Pod[];
}

/** A number that must stay is a number; everything else depends on how many there are to be. */
function needsOf({ budget, pods, findOwner }: BudgetWorld): Needs {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const { expected, unmanaged } = expectedScale(pods, findOwner);
    return { expected, unmanaged, desired: Math.max(0, expected - countOf(maxUnavailable, expected)) };
  }
  if (typeof minAvailable === "number") {
    return { expected: pods.length, desired: minAvailable, unmanaged: [] };
  }
  if (minAvailable === undefined) return { expected: 0, desired: 0, unmanaged: [] };
  const { expected, unmanaged } = expectedScale(pods, findOwner);
  return { expected, unmanaged, desired: countOf(minAvailable, expected) };
}

function isCounted(pod: Pod, disrupted: Readonly<Record<string, string>>): boolean {
  if (pod.metadata?.deletionTimestamp) return false;
  return !Object.hasOwn(disrupted, pod.metadata?.name ?? "") && isPodReady(pod);
}

interface DisruptedPods {
  readonly still: Record<string, string>;
  readonly notDeleted: readonly Pod[];
  readonly requeueAfterMs: number | undefined;
}

/** Evictions under way: those whose pods are not yet seen to go. After a while it is not believed any more that they will. */
function disruptedPods({ budget, pods, knownForMs }: BudgetWorld): DisruptedPods {
  const noted = budget.status?.disruptedPods ?? {};
  const still: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    const { name = "", deletionTimestamp } = pod.metadata ?? {};
    const since = noted[name];
    if (since === undefined || deletionTimestamp) continue;
    const leftMs = deletionTimeoutMs - knownForMs(name, since);
    if (leftMs <= 0) {
      notDeleted.push(pod);
      continue;
    }
    still[name] = since;
    nextMs = Math.min(nextMs, leftMs);
  }
  return { still, notDeleted, requeueAfterMs: Number.isFinite(nextMs) ? nextMs : undefined };
}

function failed(budget: PodDisruptionBudget, message: string, now: string): PodDisruptionBudgetStatus {
  const { conditions, ...status } = budget.status ?? {};
  const condition: Condition = {
    type: disruptionAllowed,
    status: "False",
    reason: "SyncFailed",
    message,
    observedGeneration: status.observedGeneration ?? 0,
    lastTransitionTime: now,
  };
  return { ...status, disruptionsAllowed: 0, conditions: withCondition(conditions, condition, now) };
}
