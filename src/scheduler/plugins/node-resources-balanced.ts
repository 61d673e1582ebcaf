import type { Plugin } from "../framework/plugin.ts";

/** Nodes whose CPU and memory would be used alike are better: neither runs out while the other lies idle. 0–100. */
export const nodeResourcesBalanced: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  score:
    ({ scoredCpu, scoredMemory }) =>
    (node) => {
      const cpu = used(node.allocatable.cpu, node.scoredCpu + scoredCpu);
      const memory = used(node.allocatable.memory, node.scoredMemory + scoredMemory);
      // The standard deviation of two numbers is half their distance.
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100);
    },
};

function used(allocatable: number | undefined, amount: number): number {
  return allocatable ? Math.min(1, amount / allocatable) : 1;
}
