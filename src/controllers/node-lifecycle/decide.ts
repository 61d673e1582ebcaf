import {
  isPodTerminal,
  jsonEqual,
  type Node,
  type NodeCondition,
  type Pod,
  podCondition,
  type Taint,
} from "#api";
import { conditionOf } from "../shared/condition.ts";
import { evictionAtMs } from "./eviction.ts";
import { graceMs } from "./limits.ts";
import { taintsFor } from "./taints.ts";

/** All that the decision depends on. */
export interface NodeWorld {
  readonly node: Node;
  /** Pods bound to the node. */
  readonly pods: readonly Pod[];
  /** Since when nothing was heard of the node, milliseconds since the epoch by this process' clock. */
  readonly heardAtMs: number;
  /** Whether some other node is ready: then this one's silence is its own. */
  readonly hasReadyPeer: boolean;
  readonly nowMs: number;
}

export interface NodePlan {
  /** The node's conditions, when they must change. */
  readonly conditions: readonly NodeCondition[] | undefined;
  /** The node's taints, when they must change. */
  readonly taints: readonly Taint[] | undefined;
  /** Pods that still claim to be ready on a node that is not. */
  readonly unready: readonly Pod[];
  /** Pods whose tolerance has run out. */
  readonly evict: readonly Pod[];
  /** When the next grace or tolerance runs out, in milliseconds from now. */
  readonly requeueAfterMs: number | undefined;
}

/**
 * A node speaks by renewing its lease.
 *
 *     heard within 40 s ──► its own word counts (Ready True or False)
 *     silent for 40 s    ──► Ready Unknown, pods not ready, taint unreachable ──► pods leave as their tolerations run out
 *     heard again        ──► its own word counts, taints go
 *
 * When no node at all is ready nobody is driven away: a cluster that lost everything at once has rather lost its network, or slept.
 */
export function decide(world: NodeWorld): NodePlan {
  const { node, heardAtMs, nowMs, hasReadyPeer } = world;
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const isSilent = nowMs - heardAtMs >= graceMs;
  const conditions = isSilent ? unknownConditions(node, now) : undefined;
  const ready = conditionOf(conditions ?? node.status?.conditions, "Ready")?.status ?? "Unknown";
  const taints = taintsFor(node, { ready, evicts: hasReadyPeer, now });
  const pods = world.pods.filter((pod) => !isPodTerminal(pod));
  const deadlines = pods
    .filter((pod) => !pod.metadata?.deletionTimestamp)
    .map((pod) => ({ pod, atMs: evictionAtMs(pod, taints, nowMs) }));
  const later = deadlines.flatMap(({ atMs }) => (atMs !== undefined && atMs > nowMs ? [atMs - nowMs] : []));
  if (!isSilent) later.push(heardAtMs + graceMs - nowMs);
  return {
    conditions,
    taints: jsonEqual(taints, node.spec?.taints ?? []) ? undefined : taints,
    unready: ready === "True" ? [] : pods.filter((pod) => podCondition(pod, "Ready")?.status === "True"),
    evict: deadlines.filter(({ atMs }) => atMs !== undefined && atMs <= nowMs).map(({ pod }) => pod),
    requeueAfterMs: later.length > 0 ? Math.max(1, Math.min(...later)) : undefined,
  };
}

/** What only the node itself could know. */
const nodesOwn = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] as const;

function unknownConditions(node: Node, now: string): readonly NodeCondition[] | undefined {
  const old = node.status?.conditions ?? [];
  const isKnown = nodesOwn.some((type) => conditionOf(old, type)?.status !== "Unknown");
  if (!isKnown) return undefined;
  const unknown = nodesOwn.map((type): NodeCondition => {
    const before = conditionOf(old, type);
    if (before?.status === "Unknown") return before;
    return {
      type,
      status: "Unknown",
      reason: before ? "NodeStatusUnknown" : "NodeStatusNeverUpdated",
      message: before ? "Kubelet stopped posting node status." : "Kubelet never posted node status.",
      lastHeartbeatTime: before?.lastHeartbeatTime ?? node.metadata?.creationTimestamp ?? now,
      lastTransitionTime: now,
    };
  });
  return [...old.filter(({ type }) => !(nodesOwn as readonly string[]).includes(type)), ...unknown];
}
