import type { NodeIndex, Rejection } from "./plugin.ts";

/** Why a pod fits nowhere: nodes by what keeps it off them. */
export interface Refusals {
  readonly groups: readonly RefusedNodes[];
  /** The plugins that refused some node: what they wait for may help. */
  readonly rejectedBy: ReadonlySet<string>;
}

export interface RefusedNodes {
  /** The first plugin that refused them. */
  readonly plugin: string;
  readonly rejection: Rejection;
  readonly nodes: readonly NodeIndex[];
}

/** Why a pod fits nowhere, in Kubernetes' words: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function explainRefusals({ groups }: Pick<Refusals, "groups">): string {
  let nodeCount = 0;
  const counts = new Map<string, number>();
  const ofPod: string[] = [];
  for (const { rejection, nodes } of groups) {
    nodeCount += nodes.length;
    if (rejection.isOfPod) ofPod.push(...rejection.reasons);
    else for (const reason of rejection.reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes.length);
  }
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const list = [...ofPod, ...Array.from(counts, ([reason, count]) => `${count} ${reason}`).sort()];
  return `0/${nodeCount} nodes are available: ${list.join(", ")}.`;
}

/** Collects refusals: equal ones fall together. */
export class RefusalsBuilder implements Refusals {
  readonly rejectedBy: Set<string> = new Set();
  readonly #groups = new Map<Rejection, { plugin: string; rejection: Rejection; nodes: NodeIndex[] }>();

  add(plugin: string, rejection: Rejection, node: NodeIndex): void {
    const group = this.#groups.get(rejection);
    if (group) group.nodes.push(node);
    else {
      this.rejectedBy.add(plugin);
      this.#groups.set(rejection, { plugin, rejection, nodes: [node] });
    }
  }

  get groups(): readonly RefusedNodes[] {
    return [...this.#groups.values()];
  }
}
