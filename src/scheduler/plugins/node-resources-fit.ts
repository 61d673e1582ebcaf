import type { NodeState } from "../framework/node-state.ts";
import type { Plugin, Rejection } from "../framework/plugin.ts";

/** Requests must fit into what the node has left; of nodes that fit, the emptier is better. */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  filter({ requests }) {
    const names = Object.keys(requests).filter((name) => (requests[name] ?? 0) > 0);
    const amounts = names.map((name) => requests[name] ?? 0);
    return (node) => {
      if (node.pods.size + 1 > node.allowedPods) return shortages(node, names, amounts);
      for (let at = 0; at < names.length; at += 1) {
        if (isShort(node, names[at] as string, amounts[at] as number)) return shortages(node, names, amounts);
      }
      return undefined;
    };
  },
  /** The mean of the shares of CPU and memory that stay free, 0–100. */
  score:
    ({ scoredCpu, scoredMemory }) =>
    (node) =>
      (free(node.allocatable.cpu, node.scoredCpu + scoredCpu) +
        free(node.allocatable.memory, node.scoredMemory + scoredMemory)) /
      2,
  wakesOn: ["node-added", "node-updated", "pod-removed"],
};

function isShort(node: NodeState, name: string, amount: number): boolean {
  return amount > (node.allocatable[name] ?? 0) - (node.requested[name] ?? 0);
}

/** All that is missing, not only the first: whoever reads it wants to fix it once. */
function shortages(node: NodeState, names: readonly string[], amounts: readonly number[]): Rejection {
  const short = names.filter((name, at) => isShort(node, name, amounts[at] as number));
  const reasons = short.map((name) => `Insufficient ${name}`);
  if (node.pods.size + 1 > node.allowedPods) reasons.unshift("Too many pods");
  const isResolvable = short.every(
    (name) => (node.allocatable[name] ?? 0) >= (amounts[names.indexOf(name)] ?? 0),
  );
  return { reasons, isResolvable };
}

function free(allocatable: number | undefined, used: number): number {
  if (!allocatable || used > allocatable) return 0;
  return Math.floor(((allocatable - used) * 100) / allocatable);
}
