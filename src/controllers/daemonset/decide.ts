import {
  type ControllerRevision,
  type DaemonSet,
  type DaemonSetStatus,
  isPodAvailable,
  isPodLeaving,
  type Node,
  type Pod,
} from "#api";
import { nextAvailableMs } from "../shared/availability.ts";
import { type Claim, claim } from "../shared/claim.ts";
import { finishedAtMs } from "../shared/finished-at.ts";
import { revisionLabel } from "../shared/revisions.ts";
import { selectorOf } from "../shared/selectors.ts";
import { failedPauseMs } from "./limits.ts";
import { hashOfRevision } from "./new-pod.ts";
import { nodeNameOf, type Placement, placementFor } from "./placement.ts";
import { statusOf } from "./status.ts";
import { rollingUpdate } from "./update.ts";

/** All that the decision depends on. */
export interface DaemonSetWorld {
  readonly set: DaemonSet;
  /** Pods of the namespace that the set controls, or that nobody controls. */
  readonly candidates: Iterable<Pod>;
  readonly nodes: readonly Node[];
  /** Of the set's template. */
  readonly revision: ControllerRevision;
  readonly nowMs: number;
}

export interface DaemonSetPlan {
  readonly claim: Claim<Pod>;
  /** Names of nodes that are to get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Removal[];
  /** What is true now, before anything of this plan is done. */
  readonly status: DaemonSetStatus;
  /** When a pod becomes available, or one that failed may be replaced, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

export interface Removal {
  readonly pod: Pod;
  readonly cause: "failed" | "ended" | "surplus" | "outdated";
}

/** One node and the set's pods on it, or meant for it. */
export interface NodePods {
  readonly name: string;
  readonly placement: Placement;
  /** Oldest first, those on their node before those on their way. */
  readonly pods: readonly Pod[];
}

/** One pod on every node that is meant; when every node has what it should, an update moves on. A set that is being deleted changes nothing. */
export function decide(world: DaemonSetWorld): DaemonSetPlan {
  const { set, revision, nowMs } = world;
  const claimed = claim(set, selectorOf(set.spec?.selector), world.candidates);
  const nodes = nodePods(world, claimed.owned);
  const hash = hashOfRevision(revision);
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const facts: UpdateFacts = {
    isUpdated: ({ metadata }) => metadata?.labels?.[revisionLabel] === hash,
    isAvailable: (pod) => isPodAvailable(pod, minReadySeconds, nowMs),
  };
  const base = { claim: claimed, status: statusOf(set, nodes, facts) };
  const availableMs = nextAvailableMs(claimed.owned, minReadySeconds, nowMs);
  if (set.metadata?.deletionTimestamp)
    return { ...base, create: [], remove: [], requeueAfterMs: availableMs };
  const steps = cover(set, nodes, facts, nowMs);
  const isSettled = steps.create.length + steps.remove.length === 0;
  const moved = isSettled ? rollingUpdate(set, nodes, facts) : steps;
  const waits = [availableMs, steps.waitMs].filter((waitMs) => waitMs !== undefined);
  return {
    ...base,
    create: moved.create,
    remove: [...moved.remove, ...homeless(world, claimed.owned)],
    requeueAfterMs: waits.length > 0 ? Math.min(...waits) : undefined,
  };
}

/** How pods compare with what the set wants now. */
export interface UpdateFacts {
  readonly isUpdated: (pod: Pod) => boolean;
  readonly isAvailable: (pod: Pod) => boolean;
}

export interface Steps {
  readonly create: readonly string[];
  readonly remove: readonly Removal[];
}

function nodePods({ set, nodes }: DaemonSetWorld, owned: readonly Pod[]): NodePods[] {
  const byNode = Map.groupBy([...owned].sort(byAge), (pod) => nodeNameOf(pod) ?? "");
  const placementOn = placementFor(set);
  return nodes.map((node): NodePods => {
    const { name = "" } = node.metadata ?? {};
    return { name, placement: placementOn(node), pods: byNode.get(name) ?? [] };
  });
}

function byAge(a: Pod, b: Pod): number {
  const bound = (pod: Pod) => (pod.spec?.nodeName ? 0 : 1);
  const created = (pod: Pod) => Date.parse(pod.metadata?.creationTimestamp ?? "") || 0;
  return bound(a) - bound(b) || created(a) - created(b);
}

/** Brings every node to its one pod. */
function cover(
  set: DaemonSet,
  nodes: readonly NodePods[],
  facts: UpdateFacts,
  nowMs: number,
): Steps & { readonly waitMs: number | undefined } {
  const create: string[] = [];
  const remove: Removal[] = [];
  const waits: number[] = [];
  for (const { name, placement, pods } of nodes) {
    if (placement.shouldRun && pods.length === 0) create.push(name);
    const running: Pod[] = [];
    for (const pod of pods) {
      if (isPodLeaving(pod)) continue;
      const { phase } = pod.status ?? {};
      const waitMs = phase === "Failed" ? finishedAtMs(pod) + failedPauseMs - nowMs : 0;
      if (!placement.shouldStay) remove.push({ pod, cause: "surplus" });
      else if (waitMs > 0) waits.push(waitMs);
      else if (phase === "Failed") remove.push({ pod, cause: "failed" });
      else if (phase === "Succeeded") remove.push({ pod, cause: "ended" });
      else running.push(pod);
    }
    remove.push(...doubles(set, running, facts).map((pod): Removal => ({ pod, cause: "surplus" })));
  }
  return { create, remove, waitMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

/** The oldest stays; with surge one of the old template and one of the new, until the new one is available. */
function doubles(
  set: DaemonSet,
  running: readonly Pod[],
  { isUpdated, isAvailable }: UpdateFacts,
): readonly Pod[] {
  if (running.length <= 1) return [];
  if (!allowsSurge(set)) return running.slice(1);
  const fresh = running.find(isUpdated);
  const old = running.find((pod) => !isUpdated(pod));
  return running.filter(
    (pod) => pod !== fresh && (pod !== old || (fresh !== undefined && isAvailable(fresh))),
  );
}

function allowsSurge({ spec }: DaemonSet): boolean {
  const { type, rollingUpdate: rolling } = spec?.updateStrategy ?? {};
  return type === "RollingUpdate" && !/^0*%?$/.test(String(rolling?.maxSurge ?? 0));
}

/** Pods that wait for a node that is gone. */
function homeless({ nodes }: DaemonSetWorld, owned: readonly Pod[]): Removal[] {
  const names = new Set(nodes.map(({ metadata }) => metadata?.name));
  const isWaiting = (pod: Pod) => !pod.spec?.nodeName && !isPodLeaving(pod) && nodeNameOf(pod) !== undefined;
  return owned
    .filter((pod) => isWaiting(pod) && !names.has(nodeNameOf(pod)))
    .map((pod): Removal => ({ pod, cause: "surplus" }));
}
