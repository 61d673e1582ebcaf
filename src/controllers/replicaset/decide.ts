import {
  compareForDeletion,
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminal,
  type Pod,
  type ReplicaSet,
  type ReplicaSetStatus,
} from "#api";
import { nextAvailableMs } from "../shared/availability.ts";
import { type Claim, claim } from "../shared/claim.ts";
import { withoutCondition } from "../shared/condition.ts";
import { selectorOf } from "../shared/selectors.ts";
import { podBurst } from "./limits.ts";

/** All that the decision depends on. */
export interface ReplicaSetWorld {
  readonly replicaSet: ReplicaSet;
  /** Pods of the namespace that this set controls, or that nobody controls. */
  readonly candidates: Iterable<Pod>;
  /** Pods on one node that count as siblings when choosing whom to delete: of this set and its deployment's others. */
  readonly siblingsOn: (nodeName: string) => number;
  readonly nowMs: number;
}

export interface ReplicaSetPlan {
  readonly claim: Claim<Pod>;
  /** How many pods to create. */
  readonly create: number;
  /** Whom to delete, first to go first. */
  readonly remove: readonly Pod[];
  /** What is true now, before anything of this plan is done. */
  readonly status: ReplicaSetStatus;
  /** When a pod that is ready becomes available, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

/** As many active pods as asked for, no more than `podBurst` changes at a time; a set that is being deleted changes nothing. */
export function decide(world: ReplicaSetWorld): ReplicaSetPlan {
  const { replicaSet, nowMs } = world;
  const claimed = claim(replicaSet, selectorOf(replicaSet.spec?.selector), unended(world.candidates));
  const active = claimed.owned.filter(isPodActive);
  const wanted = replicaSet.spec?.replicas ?? 1;
  const isLeaving = replicaSet.metadata?.deletionTimestamp !== undefined;
  const missing = isLeaving ? 0 : wanted - active.length;
  return {
    claim: claimed,
    create: Math.max(0, Math.min(missing, podBurst)),
    remove: missing < 0 ? firstToGo(active, Math.min(-missing, podBurst), world) : [],
    status: statusOf(replicaSet, active, claimed.owned.length - active.length, nowMs),
    requeueAfterMs: nextAvailableMs(active, replicaSet.spec?.minReadySeconds ?? 0, nowMs),
  };
}

/** Pods that have ended for good are nobody's concern: neither counted nor adopted. */
function unended(pods: Iterable<Pod>): Pod[] {
  return [...pods].filter((pod) => !isPodTerminal(pod));
}

function firstToGo(active: readonly Pod[], count: number, { siblingsOn, nowMs }: ReplicaSetWorld): Pod[] {
  if (count >= active.length) return [...active];
  const siblings = (pod: Pod) => (pod.spec?.nodeName ? siblingsOn(pod.spec.nodeName) : 0);
  return [...active].sort((a, b) => compareForDeletion(a, b, siblings, nowMs)).slice(0, count);
}

function statusOf(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  terminating: number,
  nowMs: number,
): ReplicaSetStatus {
  const template = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  let labeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of active) {
    if (template.every(([key, value]) => pod.metadata?.labels?.[key] === value)) labeled += 1;
    if (!isPodReady(pod)) continue;
    ready += 1;
    if (isPodAvailable(pod, minReadySeconds, nowMs)) available += 1;
  }
  const conditions = withoutCondition(replicaSet.status?.conditions, "ReplicaFailure");
  return {
    replicas: active.length,
    fullyLabeledReplicas: labeled,
    readyReplicas: ready,
    availableReplicas: available,
    terminatingReplicas: terminating,
    observedGeneration: replicaSet.metadata?.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}
