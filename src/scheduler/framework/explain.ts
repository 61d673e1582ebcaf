import type { Rejection } from "./plugin.ts";

/** Why a pod fits nowhere, in Kubernetes' words: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function explain(nodes: number, rejections: ReadonlyMap<string, Rejection>): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const counts = new Map<string, number>();
  for (const { reasons } of rejections.values()) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const list = Array.from(counts, ([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${list.join(", ")}.`;
}
