import type { Cluster } from "./cluster.ts";
import type { NodeState } from "./node-state.ts";
import type { PodFacts } from "./pod-facts.ts";

/**
 * One rule of scheduling. Every extension point is optional. A plugin prepares once per pod and answers with a function that is
 * asked per node, or with nothing when it has nothing to say about this pod: then it costs nothing per node.
 */
export interface Plugin {
  /** Kubernetes' name: `NodeResourcesFit`. */
  readonly name: string;
  /** Whether the pod may be tried at all; a reason keeps it waiting until the pod itself changes. */
  readonly preEnqueue?: (facts: PodFacts) => string | undefined;
  readonly filter?: (facts: PodFacts, cluster: Cluster) => NodeFilter | undefined;
  readonly score?: (facts: PodFacts, cluster: Cluster) => NodeScore | undefined;
  /** How scores become 0–100: as they are, in proportion to the highest, or the other way round (fewest best). */
  readonly normalize?: "none" | "highest" | "lowest";
  /** How much its scores count. */
  readonly weight?: number;
  /** Which happenings may make a pod schedulable that this plugin refused. */
  readonly wakesOn?: readonly ClusterEvent[];
}

/** Why the node does not fit; undefined when it does. */
export type NodeFilter = (node: NodeState) => Rejection | undefined;

/** A number that is higher the better the node is (or the worse, by `normalize`). */
export type NodeScore = (node: NodeState) => number;

/** In Kubernetes' words: `Insufficient cpu`, `node(s) had untolerated taint {key: value}`. */
export interface Rejection {
  readonly reasons: readonly string[];
  /** False when no pod that left the node would change it; preemption need not look there. */
  readonly isResolvable: boolean;
}

/** What happens in a cluster that may make room or lift a ban. */
export type ClusterEvent = "node-added" | "node-updated" | "node-removed" | "pod-removed" | "pod-added";

export function rejection(reason: string, { isResolvable }: { isResolvable: boolean }): Rejection {
  return { reasons: [reason], isResolvable };
}

/** Runs when no node fits: may make room (preemption). Returns the node to nominate, or undefined. */
interface PostFilter {
  readonly name: string;
  postFilter(
    facts: PodFacts,
    cluster: Cluster,
    rejections: ReadonlyMap<string, Rejection>,
  ): string | undefined;
}

/** Takes what the pod will need besides its node (volumes, claims) and gives it back when binding fails. */
interface Reserve {
  readonly name: string;
  reserve(facts: PodFacts, nodeName: string): void;
  unreserve(facts: PodFacts, nodeName: string): void;
}

/** Writes the decision. Exactly one per profile. */
export interface Bind {
  bind(facts: PodFacts, nodeName: string, signal: AbortSignal): Promise<void>;
}

/** The rules of one scheduler, in order. */
export interface Profile {
  readonly schedulerName: string;
  readonly plugins: readonly Plugin[];
  /** Who comes first; negative when `a`. */
  readonly compare: (a: QueuedPod, b: QueuedPod) => number;
  readonly postFilters: readonly PostFilter[];
  readonly reserves: readonly Reserve[];
}

export interface QueuedPod {
  readonly facts: PodFacts;
  /** When it came into the queue for the first time, monotonic milliseconds. */
  readonly queuedAtMs: number;
  /** Orders pods of the same moment. */
  readonly sequence: number;
  /** How often it was tried. */
  attempts: number;
}
