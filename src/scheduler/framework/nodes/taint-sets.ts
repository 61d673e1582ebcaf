import type { Taint } from "#api";
import { Interner } from "./interner.ts";

/** The taints of nodes: a cluster has few different sets of them, so a pod judges each set once. */
export class TaintSets {
  readonly #ids = new Interner();
  readonly #sets: (readonly Taint[])[] = [[]];

  constructor() {
    this.#ids.id("[]");
  }

  /** The number of a set; no taints are set 0. */
  id(taints: readonly Taint[] | undefined): number {
    if (!taints || taints.length === 0) return 0;
    // When a taint was added is of no interest here.
    const id = this.#ids.id(JSON.stringify(taints.map(({ key, value, effect }) => [key, value, effect])));
    this.#sets[id] ??= taints;
    return id;
  }

  taints(id: number): readonly Taint[] {
    return this.#sets[id] ?? [];
  }
}
