import type { Plugin } from "../framework/plugin.ts";

/**
 * Nodes whose CPU and memory would be used alike are better: neither runs out while the other lies idle. Pods that ask for neither
 * change nothing, and all nodes are alike to them.
 */
export const nodeResourcesBalanced: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  score({ requests }, { nodes }) {
    const cpu = nodes.resources.column("cpu");
    const memory = nodes.resources.column("memory");
    const amountOf = (column: typeof cpu) =>
      requests.find(({ resource }) => nodes.resources.at(resource) === column)?.amount ?? 0;
    const moreCpu = amountOf(cpu);
    const moreMemory = amountOf(memory);
    if (moreCpu === 0 && moreMemory === 0) return undefined;
    return {
      by: "node",
      score(node) {
        const cpus = cpu.allocatable.values[node] as number;
        const bytes = memory.allocatable.values[node] as number;
        if (cpus === 0 || bytes === 0) return 100;
        const usedCpu = Math.min(1, ((cpu.requested.values[node] as number) + moreCpu) / cpus);
        const usedMemory = Math.min(1, ((memory.requested.values[node] as number) + moreMemory) / bytes);
        // The standard deviation of two numbers is half their distance.
        return Math.floor((1 - Math.abs((usedCpu - usedMemory) / 2)) * 100);
      },
    };
  },
};
