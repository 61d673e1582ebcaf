import type { Refusal } from "./judgement.ts";
import type { Rejection } from "./plugin.ts";

/** Why a pod fits nowhere: how many nodes by what keeps it off them. */
export interface Refusals {
  readonly groups: readonly RefusedNodes[];
  /** The plugins that refused some node: what they wait for may help. One set for all who were refused by the same. */
  readonly rejectedBy: ReadonlySet<string>;
}

export interface RefusedNodes {
  /** The first plugin that refused them. */
  readonly plugin: string;
  readonly rejection: Rejection;
  readonly count: number;
}

/** Why a pod fits nowhere, in Kubernetes' words: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function explainRefusals({ groups }: Pick<Refusals, "groups">): string {
  let nodeCount = 0;
  const counts = new Map<string, number>();
  const ofPod: string[] = [];
  for (const { rejection, count } of groups) {
    nodeCount += count;
    if (rejection.isOfPod) ofPod.push(...rejection.reasons);
    else for (const reason of rejection.reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const list = [...ofPod, ...Array.from(counts, ([reason, count]) => `${count} ${reason}`).sort()];
  return `0/${nodeCount} nodes are available: ${list.join(", ")}.`;
}

/** Counts refused nodes: equal refusals fall together. */
export class RefusalTally {
  readonly #groups: Map<Rejection, { plugin: string; rejection: Rejection; count: number }>;

  constructor(from?: RefusalTally) {
    this.#groups = new Map(from ? [...from.#groups].map(([key, group]) => [key, { ...group }]) : []);
  }

  /** So many nodes more; fewer when negative. */
  add({ plugin, rejection }: Refusal, nodes: number): void {
    const count = (this.#groups.get(rejection)?.count ?? 0) + nodes;
    if (count === 0) this.#groups.delete(rejection);
    else this.#groups.set(rejection, { plugin, rejection, count });
  }

  get refusals(): Refusals {
    const groups = [...this.#groups.values()];
    return { groups, rejectedBy: setOf(groups.map(({ plugin }) => plugin)) };
  }
}

/** There are few plugins, so there are few sets of them. */
const sets = new Map<string, ReadonlySet<string>>();

function setOf(names: readonly string[]): ReadonlySet<string> {
  const sorted = [...new Set(names)].sort();
  const key = sorted.join();
  const known = sets.get(key) ?? new Set(sorted);
  sets.set(key, known);
  return known;
}
