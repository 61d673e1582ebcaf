import type { Node, Pod } from "#api";
import { forGood, inverted, type Rule } from "./rule.ts";
import { toleratesAny } from "./tolerations.ts";

export const taintToleration: Rule = {
  name: "TaintToleration",
  refuses: (pod, node) => (repels(node, pod) ? forGood : undefined),
  score: (pod, feasible) => inverted(feasible.map((node) => softTaints(node, pod))),
  weight: 3,
};

/** Whether some taint keeps the pod off the node. */
export function repels(node: Node, pod: Pod): boolean {
  return (node.spec?.taints ?? []).some(
    (taint) => (taint.effect === "NoSchedule" || taint.effect === "NoExecute") && !toleratesAny(pod, taint),
  );
}

function softTaints(node: Node, pod: Pod): number {
  return (node.spec?.taints ?? []).filter(
    (taint) => taint.effect === "PreferNoSchedule" && !toleratesAny(pod, taint),
  ).length;
}
