import type { NodeIndex } from "./plugin.ts";
import type { PodFacts } from "./pod-facts.ts";

/** Pods that wait on a node for the room that is being made for them there. Others of lower priority are not to take it. */
export class Nominations {
  readonly #byPod = new Map<string, Nominated>();
  readonly #byNode = new Map<NodeIndex, Set<PodFacts>>();

  /** The node that a pod waits for. */
  node(uid: string): NodeIndex | undefined {
    return this.#byPod.get(uid)?.node;
  }

  /** Whether somebody waits for the node. */
  has(node: NodeIndex): boolean {
    return this.#byNode.has(node);
  }

  /** Pods of at least this priority that wait for the node. */
  on(node: NodeIndex, { priority }: { readonly priority: number }): readonly PodFacts[] {
    const pods = this.#byNode.get(node);
    return pods ? [...pods].filter((facts) => facts.shape.priority >= priority) : nobody;
  }

  set(facts: PodFacts, node: NodeIndex): void {
    this.delete(facts.uid);
    this.#byPod.set(facts.uid, { facts, node });
    const pods = this.#byNode.get(node) ?? new Set();
    this.#byNode.set(node, pods.add(facts));
  }

  /** Returns the node that it no longer waits for. */
  delete(uid: string): NodeIndex | undefined {
    const known = this.#byPod.get(uid);
    if (!known) return undefined;
    this.#byPod.delete(uid);
    const pods = this.#byNode.get(known.node);
    pods?.delete(known.facts);
    if (pods?.size === 0) this.#byNode.delete(known.node);
    return known.node;
  }
}

interface Nominated {
  readonly facts: PodFacts;
  readonly node: NodeIndex;
}

const nobody: readonly PodFacts[] = [];
