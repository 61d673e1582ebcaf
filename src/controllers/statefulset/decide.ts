import {
  type ControllerRevision,
  isPodLeaving,
  isPodTerminal,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
  type StatefulSetStatus,
} from "#api";
import { nextAvailableMs } from "../shared/availability.ts";
import { type Claim, claim } from "../shared/claim.ts";
import { selectorOf } from "../shared/selectors.ts";
import { claimName, isStale, newClaims, type Ownership, ownership } from "./claims.ts";
import { identityLabels, isWanted, newPod, ordinalOf, podNameOf, startOrdinal } from "./identity.ts";
import { isUnavailable } from "./pod-state.ts";
import { statusOf } from "./status.ts";
import { outdatedPods } from "./update.ts";

/** All that the decision depends on. */
export interface StatefulSetWorld {
  readonly set: StatefulSet;
  /** Pods of the namespace that the set controls, or that nobody controls. */
  readonly candidates: Iterable<Pod>;
  readonly revisions: SetRevisions;
  readonly claimNamed: (name: string) => PersistentVolumeClaim | undefined;
  readonly nowMs: number;
}

/** From which templates pods are made: `current` is the one that was rolled out last, `update` the one that is wanted. */
export interface SetRevisions {
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
}

export interface StatefulSetPlan {
  readonly claim: Claim<Pod>;
  /** Claims that pods wait for. */
  readonly createClaims: readonly PersistentVolumeClaim[];
  readonly own: readonly Ownership[];
  readonly create: readonly Pod[];
  readonly remove: readonly Removal[];
  /** Pods that were adopted, and do not yet say which they are. */
  readonly relabel: readonly Relabelling[];
  /** What is true now, before anything of this plan is done. */
  readonly status: StatefulSetStatus;
  /** When a pod that is ready becomes available, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

export interface Removal {
  readonly pod: Pod;
  readonly cause: "failed" | "ended" | "surplus" | "outdated";
}

export interface Relabelling {
  readonly pod: Pod;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A stateful set's pods have names, and a name is never given to a second pod before the first is gone. In order (`OrderedReady`)
 * one step is taken at a time, and only when nothing before it is unsettled:
 *
 *     each ordinal, lowest first:  missing ──► create     ended ──► delete     not available ──► wait
 *     surplus, highest first:      delete, and wait until it is gone
 *     outdated, highest first:     delete, as the update strategy allows
 *
 * With `Parallel` the first two do not wait for anything. A set that is being deleted changes nothing.
 */
export function decide(world: StatefulSetWorld): StatefulSetPlan {
  const { set, revisions, nowMs } = world;
  const members = [...world.candidates].filter(
    ({ metadata }) => ordinalOf(set, metadata?.name) !== undefined,
  );
  const claimed = claim(set, selectorOf(set.spec?.selector), members);
  const places = sortPods(set, claimed.owned);
  const base = {
    claim: claimed,
    status: statusOf(set, claimed.owned, revisions, nowMs),
    requeueAfterMs: nextAvailableMs(claimed.owned, set.spec?.minReadySeconds ?? 0, nowMs),
  };
  const steps = new Steps();
  if (!set.metadata?.deletionTimestamp) takeSteps(world, places, steps);
  return { ...base, ...steps };
}

/** What is to be done, as it is found out. */
class Steps {
  readonly createClaims: PersistentVolumeClaim[] = [];
  readonly own: Ownership[] = [];
  readonly create: Pod[] = [];
  readonly remove: Removal[] = [];
  readonly relabel: Relabelling[] = [];
}

interface Places {
  /** By ordinal, from the first on. */
  readonly wanted: readonly Place[];
  /** Highest ordinal first. */
  readonly surplus: readonly Place<Pod>[];
}

export interface Place<P = Pod | undefined> {
  readonly ordinal: number;
  readonly pod: P;
}

function sortPods(set: StatefulSet, owned: readonly Pod[]): Places {
  const byOrdinal = new Map(owned.map((pod) => [ordinalOf(set, pod.metadata?.name) ?? -1, pod]));
  const wanted = Array.from({ length: set.spec?.replicas ?? 1 }, (_, at): Place => {
    const ordinal = startOrdinal(set) + at;
    return { ordinal, pod: byOrdinal.get(ordinal) };
  });
  const surplus = [...byOrdinal]
    .filter(([ordinal]) => !isWanted(set, ordinal))
    .map(([ordinal, pod]) => ({ ordinal, pod }))
    .sort((a, b) => b.ordinal - a.ordinal);
  return { wanted, surplus };
}

function takeSteps(world: StatefulSetWorld, { wanted, surplus }: Places, steps: Steps): void {
  const { set, revisions, nowMs } = world;
  const isOrdered = set.spec?.podManagementPolicy !== "Parallel";
  for (const place of wanted) {
    const isSettled = settle(world, place, steps);
    if (isOrdered && !isSettled) return;
  }
  for (const { pod, ordinal } of surplus) own(world, pod, ordinal, steps);
  for (const { pod } of isOrdered ? nextSurplus(world, surplus) : surplus) {
    if (!isPodLeaving(pod)) steps.remove.push({ pod, cause: "surplus" });
  }
  if (isOrdered && surplus.length > 0) return;
  const outdated = outdatedPods({ set, wanted, updateRevision: revisions.update, nowMs });
  steps.remove.push(...outdated.map((pod): Removal => ({ pod, cause: "outdated" })));
}

/** Brings one ordinal forward. True when it needs nothing: its pod is there and available. */
function settle(world: StatefulSetWorld, { ordinal, pod }: Place, steps: Steps): boolean {
  const { set, nowMs } = world;
  if (!pod) {
    if (hasStaleClaims(world, ordinal)) return false;
    steps.createClaims.push(...missingClaims(world, ordinal));
    steps.create.push(newPod(set, ordinal, revisionFor(world, ordinal)));
    return false;
  }
  if (isPodTerminal(pod)) {
    const cause = pod.status?.phase === "Failed" ? "failed" : "ended";
    if (!isPodLeaving(pod)) steps.remove.push({ pod, cause });
    return false;
  }
  if (pod.status?.phase === "Pending" && !isPodLeaving(pod)) {
    steps.createClaims.push(...missingClaims(world, ordinal));
  }
  own(world, pod, ordinal, steps);
  relabel(set, pod, ordinal, steps);
  return !isUnavailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

/** Ordinals below the partition stay with the revision that was rolled out last. */
function revisionFor({ set, revisions }: StatefulSetWorld, ordinal: number): ControllerRevision {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  const isKept = type === "RollingUpdate" && ordinal < startOrdinal(set) + (rollingUpdate?.partition ?? 0);
  return isKept ? revisions.current : revisions.update;
}

/** In order the highest goes alone: when it is available, will never be, or is what everything waits for. */
function nextSurplus(
  { set, nowMs }: StatefulSetWorld,
  surplus: readonly Place<Pod>[],
): readonly Place<Pod>[] {
  const [highest] = surplus;
  if (!highest) return [];
  // Upstream waits for it when a lower one is not available either: for ever, if both have ended.
  if (isPodTerminal(highest.pod)) return [highest];
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const unavailable = surplus.filter(({ pod }) => isUnavailable(pod, minReadySeconds, nowMs));
  return unavailable.includes(highest) && unavailable.at(-1) !== highest ? [] : [highest];
}

function missingClaims({ set, claimNamed }: StatefulSetWorld, ordinal: number): PersistentVolumeClaim[] {
  return newClaims(set, ordinal).filter(({ metadata }) => !claimNamed(metadata?.name ?? ""));
}

function hasStaleClaims({ set, claimNamed }: StatefulSetWorld, ordinal: number): boolean {
  return newClaims(set, ordinal).some(({ metadata }) => {
    const there = claimNamed(metadata?.name ?? "");
    return there !== undefined && isStale(there, podNameOf(set, ordinal));
  });
}

function own({ set, claimNamed }: StatefulSetWorld, pod: Pod, ordinal: number, steps: Steps): void {
  for (const template of set.spec?.volumeClaimTemplates ?? []) {
    const there = claimNamed(claimName(set, template, ordinal));
    const change = there && ownership(set, pod, there, { isWanted: isWanted(set, ordinal) });
    if (change) steps.own.push(change);
  }
}

function relabel(set: StatefulSet, pod: Pod, ordinal: number, steps: Steps): void {
  const labels = identityLabels(set, ordinal);
  const isKnown = Object.entries(labels).every(([key, value]) => pod.metadata?.labels?.[key] === value);
  if (!isKnown) steps.relabel.push({ pod, labels });
}
