import type { NodeIndex, Plugin } from "../framework/plugin.ts";

/**
 * Nodes where the pod brings the use of CPU and of memory nearer to each other are better: neither runs out while the other lies idle. 75
 * when it changes nothing, 50 and 100 at the extremes (Kubernetes 1.36, kubernetes/kubernetes#135573). To pods that ask for neither
 * all nodes are alike.
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
    const share = ({ allocatable, requested }: typeof cpu, node: NodeIndex, more: number) =>
      Math.min(1, ((requested.values[node] as number) + more) / (allocatable.values[node] as number));
    return {
      by: "node",
      score(node) {
        // A node that has only one of them is always balanced.
        if (cpu.allocatable.values[node] === 0 || memory.allocatable.values[node] === 0) return unchanged;
        const before = balance(share(cpu, node, 0), share(memory, node, 0));
        const after = balance(share(cpu, node, moreCpu), share(memory, node, moreMemory));
        return 50 + Math.floor((50 + after - before) / 2);
      },
    };
  },
};

const unchanged = 75;

/** 100 when both are used alike, 50 when one is full and the other empty: the standard deviation of two numbers is half their distance. */
function balance(cpu: number, memory: number): number {
  return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100);
}
