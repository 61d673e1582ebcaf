import { type Node, nodes } from "#api";
import type { AdmissionPlugin } from "../ports.ts";

const key = "node.kubernetes.io/not-ready";

/** A node is born tainted: nothing is placed on it before it has said that it is ready. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: "TaintNodesByCondition",
    handles: ({ operation, resource, subresource }) =>
      operation === "CREATE" && resource?.resource === nodes.resource && !subresource,
    mutate({ object }) {
      const node = object as Node;
      node.spec ??= {};
      const taints = node.spec.taints ?? [];
      if (taints.some((taint) => taint.key === key && taint.effect === "NoSchedule")) return;
      node.spec.taints = [...taints, { key, effect: "NoSchedule" }];
    },
  };
}
