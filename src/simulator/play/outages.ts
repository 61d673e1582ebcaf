import type { SimulatedNode } from "../nodes/mod.ts";

/** Which nodes are without power, and why: a node is back when none of the reasons is left. */
export class Outages {
  readonly #reasons = new Map<string, Set<string>>();
  readonly #lost = new Set<string>();

  /** Names of nodes that are without power now. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  begin(node: SimulatedNode, reason: string): void {
    const reasons = this.#reasons.get(node.name) ?? new Set();
    this.#reasons.set(node.name, reasons.add(reason));
    this.#lost.add(node.name);
    node.crash();
  }

  end(node: SimulatedNode, reason: string): void {
    const reasons = this.#reasons.get(node.name);
    if (!reasons?.delete(reason) || reasons.size > 0) return;
    this.#lost.delete(node.name);
    node.boot();
  }
}
