import type { Node, Pod } from "#api";
import { NodeState } from "./node-state.ts";
import { factsOf, type PodFacts } from "./pod-facts.ts";

/**
 * The cluster as the scheduler sees it: nodes and the pods on them, as the API tells, plus pods that it has placed and whose binding
 * it does not yet see (assumed). All steps are incremental; decisions read it in place.
 */
export class Cluster {
  /** Every node that exists, in a stable order, for iteration by index. */
  readonly nodes: NodeState[] = [];
  /** On how many nodes an image is. */
  readonly imageSpread = new Map<string, number>();
  /** How many nodes would rather not have pods: taints of effect PreferNoSchedule. */
  softTaintedNodes = 0;
  readonly #states = new Map<string, NodeState>();
  readonly #nodeOfPod = new Map<string, string>();
  readonly #assumed = new Set<string>();

  get(name: string): NodeState | undefined {
    const state = this.#states.get(name);
    return state?.node ? state : undefined;
  }

  setNode(node: Node): void {
    const state = this.#stateOf(node.metadata?.name ?? "");
    if (!state.node) this.nodes.push(state);
    this.#countTraits(state, -1);
    state.setNode(node);
    this.#countTraits(state, 1);
  }

  removeNode(name: string): void {
    const state = this.#states.get(name);
    if (!state?.node) return;
    this.#countTraits(state, -1);
    state.setNode(undefined);
    const at = this.nodes.indexOf(state);
    const last = this.nodes.pop();
    if (last && last !== state) this.nodes[at] = last;
    if (state.pods.size === 0) this.#states.delete(name);
  }

  /** A pod that is bound, as the API tells. Confirms what was assumed. */
  setPod(pod: Pod): void {
    const { uid = "" } = pod.metadata ?? {};
    this.#assumed.delete(uid);
    this.#place(factsOf(pod), pod.spec?.nodeName ?? "");
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    const name = this.#nodeOfPod.get(uid);
    if (name === undefined) return;
    this.#nodeOfPod.delete(uid);
    const state = this.#states.get(name);
    state?.removePod(uid);
    if (state && !state.node && state.pods.size === 0) this.#states.delete(name);
  }

  /** Counts the pod on the node from now on, before the API says so. */
  assume(facts: PodFacts, nodeName: string): void {
    this.#assumed.add(facts.uid);
    this.#place(facts, nodeName);
  }

  /** Takes back an assumption, unless the API has confirmed it. */
  forget(facts: PodFacts): void {
    if (this.#assumed.has(facts.uid)) this.removePod(facts.uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  /** Whether the pod counts on some node, assumed or bound. */
  holds(uid: string): boolean {
    return this.#nodeOfPod.has(uid);
  }

  #place(facts: PodFacts, nodeName: string): void {
    const before = this.#nodeOfPod.get(facts.uid);
    if (before !== undefined && before !== nodeName) this.#states.get(before)?.removePod(facts.uid);
    this.#nodeOfPod.set(facts.uid, nodeName);
    this.#stateOf(nodeName).addPod(facts);
  }

  #stateOf(name: string): NodeState {
    const known = this.#states.get(name);
    if (known) return known;
    const state = new NodeState(name);
    this.#states.set(name, state);
    return state;
  }

  #countTraits(state: NodeState, sign: 1 | -1): void {
    if (state.taints.some((taint) => taint.effect === "PreferNoSchedule")) this.softTaintedNodes += sign;
    for (const name of state.images.keys()) {
      const count = (this.imageSpread.get(name) ?? 0) + sign;
      if (count === 0) this.imageSpread.delete(name);
      else this.imageSpread.set(name, count);
    }
  }
}
