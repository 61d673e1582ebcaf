import type { KubernetesObject, Node } from "#api";
import type { Clock } from "#base";
import type { Client } from "#client";
import type { Cluster } from "./cluster.ts";
import type { CountersInUse } from "./counts/counters.ts";
import type { Refusal } from "./judgement.ts";
import type { PodFacts } from "./pod-facts.ts";
import type { PodShape } from "./pod-shape.ts";
import type { Refusals } from "./refusals.ts";
import type { Remedy } from "./remedy.ts";

/**
 * One rule of scheduling. Every extension point is optional. What a plugin says of nodes it says of a _shape_: equal pods
 * share the answers, and the framework asks again only about nodes that changed.
 */
export interface Plugin {
  /** Kubernetes' name: `NodeResourcesFit`. */
  readonly name: string;
  /** Whether the pod may be tried at all; a reason keeps it waiting until the pod itself changes. */
  preEnqueue?(facts: PodFacts): string | undefined;
  /**
   * Which nodes do not do. Undefined when it has nothing to say about such pods: then it costs nothing per node. Counts of pods that it takes
   * from `counters` are kept for as long as its answer is used.
   */
  filter?(shape: PodShape, cluster: Cluster, counters: CountersInUse): Filter | undefined;
  /** Which of the nodes that do are better. Undefined when all are alike. */
  score?(shape: PodShape, cluster: Cluster, counters: CountersInUse): Score | undefined;
  /** Its filter reads the pod's claims; only such plugins may. When none of them has anything to say, pods that differ in claims are alike. */
  readonly readsClaims?: boolean;
  /** How much its scores count: 1 unless said. */
  readonly weight?: number;
  /**
   * What else `filter` and `score` have read: neither nodes nor pods on them, but `cluster.listers` and the like. When it differs from last
   * time they are asked anew. Called only after something of that sort changed.
   */
  inputs?(shape: PodShape, cluster: Cluster): string | number;
  /** Whether something that happened may make room for pods that this plugin refused (a queueing hint). False unless given. */
  mayHelp?(event: ClusterEvent, shape: PodShape, cluster: Cluster): boolean;
  /** What would have to change, all of it, for its filter to let pods of this shape onto a node that it refuses. Nothing: it knows of no way. */
  remedies?(shape: PodShape, cluster: Cluster): (node: NodeIndex) => readonly Remedy[];
  /** No node fits: may make room (preemption). Returns the node on which to wait for it. The first plugin that returns one has the last word. */
  postFilter?(failure: Failure): Nomination | undefined;
  /** Takes what the pod needs besides its node, in memory; a thrown error gives the pod back to the queue. */
  reserve?(placed: Placed): void;
  /** Gives it back: a later step has failed. Also called when `reserve` of a later plugin threw. */
  unreserve?(placed: Placed): void;
  /**
   * What must be written and be waited for before the pod is bound; undefined when there is nothing. However long it takes, other pods are
   * bound meanwhile. An error gives the pod back to the queue.
   */
  preBind?(placed: Placed, writing: Writing): Promise<void> | undefined;
}

/** The number of a node in `cluster.nodes`. */
export type NodeIndex = number;

export type Filter = NodeFilter | TraitFilter;
export type Score = NodeScore | TraitScore;

/** Judges node by node. The answer may depend on the node and the pods on it only: it is kept until one of them changes. */
export interface NodeFilter {
  readonly by: "node";
  /** The only nodes that it might let pass, when they are few and easily told: others are not even looked at. Undefined: any node. */
  only?(): readonly NodeIndex[] | undefined;
  /** Why it does not do; undefined when it does. */
  refuse(node: NodeIndex): Rejection | undefined;
}

/** 0 to 100, whole. May depend on the node and the pods on it only: it is kept until one of them changes. */
export interface NodeScore {
  readonly by: "node";
  score(node: NodeIndex): number;
}

/**
 * A number that stands for all that the judgement reads of a node: its zone, the pods of an application on it. Nodes with the same traits
 * are judged together, at every decision anew, so the judgement may depend on the whole cluster. There should be few different ones.
 */
export type Trait = (node: NodeIndex) => number;

export interface TraitFilter {
  readonly by: "traits";
  readonly traits: readonly Trait[];
  /** `traits` in the order given. */
  refuse(traits: readonly number[]): Rejection | undefined;
}

export interface TraitScore {
  readonly by: "traits";
  readonly traits: readonly Trait[];
  /** What it says of a group is the same whichever other groups there are. */
  readonly isAbsolute?: boolean;
  /** Scores all groups of nodes that fit: sets `scores[i]`, 0 to 100, whole, for `groups[i]`. */
  score(groups: readonly TraitGroup[], scores: number[]): void;
}

/** Nodes that fit and have the same traits. */
export interface TraitGroup {
  readonly traits: readonly number[];
  /** How many nodes, at least one. */
  readonly size: number;
}

/** In Kubernetes' words: `Insufficient cpu`, `node(s) had untolerated taint {key: value}`. Equal ones are one object. */
export interface Rejection {
  readonly reasons: readonly string[];
  /** False when no pod that left the node would change it; preemption need not look there. */
  readonly isResolvable: boolean;
  /** It is the pod that does not do, wherever: told without the number of nodes. */
  readonly isOfPod?: boolean;
}

export function rejection(reason: string, { isResolvable }: { isResolvable: boolean }): Rejection {
  return { reasons: [reason], isResolvable };
}

export function podRejection(reason: string): Rejection {
  return { reasons: [reason], isResolvable: false, isOfPod: true };
}

/** What happens in a cluster that may make room or lift a ban. */
export type ClusterEvent =
  | { readonly type: "node-added"; readonly node: Node }
  | { readonly type: "node-updated"; readonly node: Node; readonly old: Node }
  | { readonly type: "node-removed"; readonly node: Node }
  /** Pods are those on nodes. */
  | { readonly type: "pod-added"; readonly pod: PodFacts; readonly nodeName: string }
  | {
      readonly type: "pod-updated";
      readonly pod: PodFacts;
      readonly old: PodFacts;
      readonly nodeName: string;
    }
  | { readonly type: "pod-removed"; readonly pod: PodFacts; readonly nodeName: string }
  /** In `cluster.listers`: `resource` is its name there. */
  | { readonly type: "object-changed"; readonly resource: string; readonly object: KubernetesObject };

/** A pod that fits nowhere. */
export interface Failure {
  readonly facts: PodFacts;
  readonly cluster: Cluster;
  readonly refusals: Refusals;
  readonly view: NodeView;
  /** Where it was told to wait for room the last time. */
  readonly awaited: NodeIndex | undefined;
  /** Pods that were told to make room, and of which the API does not yet say that they go. By UID. */
  readonly condemned: ReadonlyMap<string, PodFacts>;
}

/** The nodes as pods of one shape see them. One object for as long as nothing changes by which it judges. */
export interface NodeView {
  /** Whether what it says of a node depends on this node and its pods alone. */
  readonly isLocal: boolean;
  /** Why the node does not do at this moment, with those counted who wait for it (but for one: `except` is its UID); undefined when it does. */
  refusal(node: NodeIndex, options?: { readonly except?: string }): Refusal | undefined;
}

/** Where room is being made, and who makes it: pods that are to go. */
export interface Nomination {
  readonly nodeName: string;
  readonly victims: readonly PodFacts[];
}

/** A pod and the node that was chosen for it. */
export interface Placed {
  readonly facts: PodFacts;
  readonly nodeName: string;
  readonly cluster: Cluster;
}

/** With what plugins write. */
export interface Writing {
  /** What it writes is in the listers at once. */
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The rules of one scheduler, in order. */
export interface Profile {
  readonly schedulerName: string;
  readonly plugins: readonly Plugin[];
  /** Of how many nodes that fit the best is chosen, in percent of all; 0: fewer the larger the cluster. */
  readonly percentageOfNodesToScore: number;
}
