import type { Node, Pod } from "#api";
import { ClaimUsers } from "./counts/claim-users.ts";
import { Counters } from "./counts/counters.ts";
import { HeldTerms } from "./counts/held-terms.ts";
import { Listers } from "./listers.ts";
import { ChangeLog } from "./nodes/change-log.ts";
import { NodeTable } from "./nodes/node-table.ts";
import { Nominations } from "./nominations.ts";
import type { NodeIndex } from "./plugin.ts";
import type { PodFacts } from "./pod-facts.ts";
import { PodShapes } from "./pod-shape.ts";
import { type Relabelling, relabelled } from "./relabel.ts";

/**
 * The cluster as the scheduler sees it: nodes and the pods on them, as the API tells, plus pods that it has placed and whose binding
 * it does not yet see (assumed). All steps are incremental; decisions read it in place.
 */
export class Cluster {
  readonly nodes: NodeTable = new NodeTable();
  readonly listers: Listers = new Listers(() => this.touch());
  /** Nodes that changed, or the pods on them. */
  readonly changes: ChangeLog = new ChangeLog({ length: 1 << 15 });
  readonly nominations: Nominations = new Nominations();
  readonly heldTerms: HeldTerms = new HeldTerms(this);
  readonly counters: Counters = new Counters(this);
  readonly claimUsers: ClaimUsers = new ClaimUsers();
  readonly #shapes = new PodShapes(this.nodes.resources);
  readonly #podsOn: Set<PodFacts>[] = [];
  readonly #pods = new Map<string, PlacedPod>();
  readonly #assumed = new Set<string>();
  readonly #observers: readonly PodObserver[] = [this.heldTerms, this.counters, this.claimUsers];
  #version = 0;

  /** Grows when something changed that is neither a node nor a pod on one: see `Plugin.inputs`. */
  get version(): number {
    return this.#version;
  }

  touch(): void {
    this.#version += 1;
  }

  factsOf(pod: Pod): PodFacts {
    const { namespace, name, uid = "", deletionTimestamp } = pod.metadata ?? {};
    const isTerminating = deletionTimestamp !== undefined;
    return { pod, key: `${namespace}/${name}`, uid, shape: this.#shapes.of(pod), isTerminating };
  }

  setNode(node: Node): NodeIndex {
    const index = this.nodes.index(node.metadata?.name ?? "");
    this.#setNode(index, node);
    return index;
  }

  removeNode(name: string): void {
    const index = this.nodes.find(name);
    if (index === undefined || !this.nodes.exists(index)) return;
    for (const { uid } of this.nominations.on(index, { priority: -Infinity })) this.nominations.delete(uid);
    this.#setNode(index, undefined);
    this.#releaseIfUnused(index);
  }

  /** A pod that is bound, as the API tells. Confirms what was assumed. */
  setPod(facts: PodFacts): void {
    this.#assumed.delete(facts.uid);
    this.#place(facts, this.nodes.index(facts.pod.spec?.nodeName ?? ""));
  }

  /** A pod that changed in nothing that counts. */
  refreshPod(pod: Pod): void {
    const facts = this.pod(pod.metadata?.uid ?? "");
    if (facts) facts.pod = pod;
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#pods.delete(uid);
    this.#count(known, -1);
    this.changes.add(known.node);
    this.#releaseIfUnused(known.node);
  }

  /** Counts the pod on the node from now on, before the API says so. */
  assume(facts: PodFacts, node: NodeIndex): void {
    this.#assumed.add(facts.uid);
    this.#place(facts, node);
  }

  /** Takes back an assumption, unless the API has confirmed it. */
  forget(facts: PodFacts): void {
    if (this.#assumed.has(facts.uid)) this.removePod(facts.uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  /** The pod waits on the node for room that is being made: see `Nominations`. */
  nominate(facts: PodFacts, nodeName: string): void {
    this.denominate(facts.uid);
    const node = this.nodes.index(nodeName);
    this.nominations.set(facts, node);
    this.changes.add(node);
  }

  denominate(uid: string): void {
    const node = this.nominations.delete(uid);
    if (node === undefined) return;
    this.changes.add(node);
    this.#releaseIfUnused(node);
  }

  /** A pod that counts on some node, assumed or bound. */
  pod(uid: string): PodFacts | undefined {
    return this.#pods.get(uid)?.facts;
  }

  /** Where it counts. */
  nodeOf(uid: string): NodeIndex | undefined {
    return this.#pods.get(uid)?.node;
  }

  podsOn(node: NodeIndex): ReadonlySet<PodFacts> {
    return this.#podsOn[node] ?? nobody;
  }

  /**
   * What would be if these pods were gone: they are, while `look` looks. It must not change anything itself.
   */
  without<R>(pods: readonly PodFacts[], look: () => R): R {
    const placed = pods.flatMap(({ uid }) => this.#pods.get(uid) ?? []);
    for (const one of placed) this.#count(one, -1);
    const seen = look();
    for (const one of placed) this.#count(one, 1);
    return seen;
  }

  /** What would be if these pods were on the node as well: they are, while `look` looks. */
  with<R>(pods: readonly PodFacts[], node: NodeIndex, look: () => R): R {
    const placed = pods.map((facts) => ({ facts, node }));
    for (const one of placed) this.#count(one, 1);
    const seen = look();
    for (const one of placed) this.#count(one, -1);
    return seen;
  }

  /** What would be if the node's labels were changed so: they are, while `look` looks. */
  withLabels<R>(node: NodeIndex, changes: Relabelling, look: () => R): R {
    const object = this.nodes.object(node);
    const { metadata } = object ?? {};
    const labels = relabelled(metadata?.labels ?? {}, changes);
    this.#setNode(node, { ...object, metadata: { ...metadata, labels } });
    try {
      return look();
    } finally {
      this.#setNode(node, object);
    }
  }

  #place(facts: PodFacts, node: NodeIndex): void {
    const before = this.#pods.get(facts.uid);
    const placed = { facts, node };
    this.#pods.set(facts.uid, placed);
    if (before) {
      this.#count(before, -1);
      this.changes.add(before.node);
    }
    this.#count(placed, 1);
    this.changes.add(placed.node);
    if (before && before.node !== placed.node) this.#releaseIfUnused(before.node);
  }

  #count({ facts, node }: PlacedPod, sign: 1 | -1): void {
    const { nodes } = this;
    const { shape } = facts;
    const pods = this.#podsOn[node] ?? new Set();
    this.#podsOn[node] = pods;
    if (sign === 1) pods.add(facts);
    else pods.delete(facts);
    nodes.podCount.values[node] = pods.size;
    nodes.resources.request(node, shape.requests, sign);
    const { values: cpu } = nodes.scoredCpu;
    const { values: memory } = nodes.scoredMemory;
    cpu[node] = (cpu[node] as number) + sign * shape.scoredCpu;
    memory[node] = (memory[node] as number) + sign * shape.scoredMemory;
    nodes.hostPorts.take(node, shape.hostPorts, sign);
    for (const observer of this.#observers) observer.onPod(facts, node, sign);
  }

  #setNode(index: NodeIndex, node: Node | undefined): void {
    const { nodes } = this;
    const traitsBefore = this.#sharedTraits;
    const isMoving = nodes.isMoving(index, node);
    if (isMoving) this.#takeAway(index);
    nodes.set(index, node);
    if (isMoving) this.#putBack(index);
    if (this.#sharedTraits !== traitsBefore) this.touch();
    this.changes.add(index);
  }

  /** What all nodes together have that decides how plugins judge. */
  get #sharedTraits(): string {
    return `${this.nodes.softTainted > 0} ${this.nodes.labels.flips}`;
  }

  /** Pods are counted by labels and taints of their node: while those change, none is counted there. */
  #takeAway(node: NodeIndex): void {
    for (const observer of this.#observers) {
      for (const facts of this.podsOn(node)) observer.onPod(facts, node, -1);
      observer.beforeNode?.(node);
    }
  }

  #putBack(node: NodeIndex): void {
    for (const observer of this.#observers) {
      observer.afterNode?.(node);
      for (const facts of this.podsOn(node)) observer.onPod(facts, node, 1);
    }
  }

  #releaseIfUnused(node: NodeIndex): void {
    if (this.nodes.exists(node) || this.podsOn(node).size > 0 || this.nominations.has(node)) return;
    this.nodes.release(node);
  }
}

/** Keeps counts of pods in step. */
export interface PodObserver {
  /** Came to the node (1) or left it (−1). */
  onPod(facts: PodFacts, node: NodeIndex, sign: 1 | -1): void;
  /** The node's labels or taints are about to change, or it goes. Its pods have been taken away, and will be put back after. */
  beforeNode?(node: NodeIndex): void;
  afterNode?(node: NodeIndex): void;
}

interface PlacedPod {
  readonly facts: PodFacts;
  readonly node: NodeIndex;
}

const nobody: ReadonlySet<PodFacts> = new Set();
