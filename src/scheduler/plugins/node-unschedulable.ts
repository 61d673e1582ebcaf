import { tolerates } from "#api";
import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) were unschedulable", { isResolvable: false });
const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** A cordoned node takes only pods that tolerate being there. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter({ pod }) {
    if (pod.spec?.tolerations?.some((toleration) => tolerates(toleration, taint))) return undefined;
    return (node) => (node.isUnschedulable ? refused : undefined);
  },
  wakesOn: ["node-added", "node-updated"],
};
