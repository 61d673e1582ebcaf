import { requestedOn } from "./node-resources-fit.ts";
import { type Amounts, amounts, requestsOf, sum } from "./requests.ts";
import type { Rule } from "./rule.ts";

/**
 * Better where the pod brings the use of CPU and of memory nearer to each other: 75 when nothing changes, 100 from wholly unbalanced
 * to balanced, 50 the other way (Kubernetes 1.36, kubernetes/kubernetes#135573). Pods that ask for neither are not scored.
 */
export const nodeResourcesBalanced: Rule = {
  name: "NodeResourcesBalancedAllocation",
  score(pod, feasible, world) {
    const wanted = requestsOf(pod);
    if (!wanted.cpu && !wanted.memory) return undefined;
    return feasible.map((node) => {
      const room = amounts(node.status?.allocatable);
      const before = requestedOn(node, world);
      const change = balance(sum(before, wanted), room) - balance(before, room);
      return 50 + Math.floor((50 + change) / 2);
    });
  },
};

/** 100 when CPU and memory are used alike, 50 when one is full and the other empty. */
function balance(used: Amounts, room: Amounts): number {
  const shares = ["cpu", "memory"]
    .filter((name) => (room[name] ?? 0) > 0)
    .map((name) => Math.min(1, (used[name] ?? 0) / (room[name] ?? 0)));
  const [a = 0, b = a] = shares;
  // The standard deviation of two numbers is half their distance.
  return Math.floor((1 - Math.abs(a - b) / 2) * 100);
}
