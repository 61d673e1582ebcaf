import type { Deployment, DeploymentStatus, ReplicaSet } from "#api";
import { type Claim, claim } from "../shared/claim.ts";
import { selectorOf } from "../shared/selectors.ts";
import {
  currentSetAnnotations,
  desiredAnnotation,
  missingAnnotations,
  numberIn,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
} from "./annotations.ts";
import { newReplicaSet } from "./new-replica-set.ts";
import { progressOf } from "./progress.ts";
import { allOf, byRevision, type ReplicaSets, sortReplicaSets, specReplicas } from "./replica-sets.ts";
import { rollingParameters } from "./rolling-parameters.ts";
import { newSetSize, recreateSizes, rollingSizes, type SizeChange } from "./rollout.ts";
import { scaleSizes } from "./scale.ts";
import { isComplete } from "./status.ts";

/** All that the decision depends on. */
export interface DeploymentWorld {
  readonly deployment: Deployment;
  /** Replica sets of the namespace that this deployment controls, or that nobody controls. */
  readonly candidates: Iterable<ReplicaSet>;
  /** Whether pods of old sets still run; a recreating rollout waits for them. */
  readonly hasOldPods: (old: readonly ReplicaSet[]) => boolean;
  readonly nowMs: number;
}

export interface DeploymentPlan {
  readonly claim: Claim<ReplicaSet>;
  /** The set for the template, when there is none yet. */
  readonly create: ReplicaSet | undefined;
  /** Sets whose size changes. */
  readonly scale: readonly SizeChange[];
  /** Annotations and `minReadySeconds` that the current set lacks. */
  readonly amend: Amendment | undefined;
  /** Old sets that the history has no more room for. */
  readonly remove: readonly ReplicaSet[];
  /** The deployment's own revision annotation, when it must change. */
  readonly revision: string | undefined;
  /** What is true now, before anything of this plan is done. */
  readonly status: DeploymentStatus;
  /** When the progress deadline passes, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

export interface Amendment {
  readonly replicaSet: ReplicaSet;
  readonly annotations: Readonly<Record<string, string>>;
  readonly minReadySeconds: number;
}

/**
 * One step of a rollout. Every step leaves a world in which the next one can be decided anew, and no step takes more pods away, or
 * adds more, than the strategy allows.
 *
 *     paused or resized ──► scale all sets in proportion
 *     Recreate           ──► old sets to 0 ──► wait for their pods ──► current set
 *     RollingUpdate      ──► current set up within maxSurge ──► old sets down within maxUnavailable
 *     complete           ──► drop old sets beyond the history limit
 */
export function decide(world: DeploymentWorld): DeploymentPlan {
  const { deployment, nowMs } = world;
  const claimed = claim(deployment, selectorOf(deployment.spec?.selector), world.candidates);
  const sets = sortReplicaSets(deployment, claimed.owned);
  const progress = progressOf(deployment, sets, nowMs);
  const idle: DeploymentPlan = { ...nothing, claim: claimed, ...progress };
  if (deployment.metadata?.deletionTimestamp) return idle;
  if (deployment.spec?.paused) {
    return {
      ...idle,
      ...annotated(deployment, sets),
      scale: scaleSizes(deployment, sets),
      remove: history(deployment, sets),
    };
  }
  const isRolling = deployment.spec?.strategy?.type !== "Recreate";
  if (isRolling && sets.current && isResized(deployment, sets)) {
    return { ...idle, ...annotated(deployment, sets), scale: scaleSizes(deployment, sets) };
  }
  const step =
    deployment.spec?.strategy?.type === "Recreate" ? recreate(world, sets) : roll(deployment, sets);
  const isDone = isComplete(deployment, progress.status);
  return { ...idle, ...step, remove: isDone ? history(deployment, sets) : [] };
}

const nothing: Pick<DeploymentPlan, "create" | "scale" | "amend" | "remove" | "revision"> = {
  create: undefined,
  scale: [],
  amend: undefined,
  remove: [],
  revision: undefined,
};

function roll(deployment: Deployment, sets: ReplicaSets): Partial<DeploymentPlan> {
  if (!sets.current) return created(deployment, sets, newSetSize(deployment, sets));
  return { ...annotated(deployment, sets), scale: rollingSizes(deployment, sets) };
}

function recreate({ deployment, hasOldPods }: DeploymentWorld, sets: ReplicaSets): Partial<DeploymentPlan> {
  const down = recreateSizes(sets);
  if (down.length > 0) return { ...annotated(deployment, sets), scale: down };
  if (hasOldPods(sets.old)) return annotated(deployment, sets);
  const wanted = deployment.spec?.replicas ?? 1;
  if (!sets.current) return created(deployment, sets, wanted);
  const up = specReplicas(sets.current) === wanted ? [] : [{ replicaSet: sets.current, replicas: wanted }];
  return { ...annotated(deployment, sets), scale: up };
}

function created(deployment: Deployment, sets: ReplicaSets, replicas: number): Partial<DeploymentPlan> {
  const revision = nextRevision(sets);
  const { maxSurge } = rollingParameters(deployment);
  const wanted = deployment.spec?.replicas ?? 1;
  const annotations = {
    ...currentSetAnnotations(deployment, undefined, revision),
    ...sizeAnnotations(wanted, wanted + maxSurge),
  };
  return {
    create: newReplicaSet(deployment, { replicas, annotations }),
    revision: revisionChange(deployment, String(revision)),
  };
}

/** Brings annotations, revision and `minReadySeconds` of the current set up to date. */
function annotated(deployment: Deployment, sets: ReplicaSets): Partial<DeploymentPlan> {
  const { current } = sets;
  if (!current) return {};
  const wanted = currentSetAnnotations(deployment, current, nextRevision(sets));
  const missing = missingAnnotations(current.metadata?.annotations, wanted);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const isStale = missing !== undefined || (current.spec?.minReadySeconds ?? 0) !== minReadySeconds;
  const revision = wanted[revisionAnnotation];
  return {
    amend: isStale ? { replicaSet: current, annotations: missing ?? {}, minReadySeconds } : undefined,
    revision: revision === undefined ? undefined : revisionChange(deployment, revision),
  };
}

function nextRevision({ old }: ReplicaSets): number {
  return old.reduce((highest, set) => Math.max(highest, revisionOf(set)), 0) + 1;
}

function revisionChange(deployment: Deployment, revision: string): string | undefined {
  return deployment.metadata?.annotations?.[revisionAnnotation] === revision ? undefined : revision;
}

/** Whether the deployment's size was changed since its sets were last scaled. */
function isResized(deployment: Deployment, sets: ReplicaSets): boolean {
  const wanted = deployment.spec?.replicas ?? 1;
  return allOf(sets).some((set) => {
    const desired = numberIn(set, desiredAnnotation);
    return specReplicas(set) > 0 && desired !== undefined && desired !== wanted;
  });
}

/** Empty old sets beyond `revisionHistoryLimit`, those of the lowest revisions. */
function history(deployment: Deployment, { old }: ReplicaSets): readonly ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const kept = old.filter((set) => !set.metadata?.deletionTimestamp);
  if (kept.length <= limit) return [];
  return kept
    .sort(byRevision)
    .slice(0, kept.length - limit)
    .filter(isEmpty);
}

function isEmpty(set: ReplicaSet): boolean {
  const isObserved = (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
  return specReplicas(set) === 0 && (set.status?.replicas ?? 0) === 0 && isObserved;
}
