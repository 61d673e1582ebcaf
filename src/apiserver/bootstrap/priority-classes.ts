import type { PriorityClass } from "#api";
import { systemPriorityClasses } from "../admission/priority.ts";

const descriptions: Readonly<Record<string, string>> = {
  "system-cluster-critical": "For pods the cluster cannot do without; they may move to another node.",
  "system-node-critical": "For pods a node cannot do without; nothing is more important.",
};

/** The two classes of the system, as objects that people can read. */
export function defaultPriorityClasses(): PriorityClass[] {
  return Object.entries(systemPriorityClasses).map(([name, value]) => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    globalDefault: false,
    description: descriptions[name] ?? "",
    preemptionPolicy: "PreemptLowerPriority",
  }));
}
