import { forGood, type Rule } from "./rule.ts";
import { toleratesAny } from "./tolerations.ts";

const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

export const nodeUnschedulable: Rule = {
  name: "NodeUnschedulable",
  refuses: (pod, node) => (node.spec?.unschedulable && !toleratesAny(pod, cordon) ? forGood : undefined),
};
