import { tolerates } from "#api";
import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) were unschedulable", { isResolvable: false });
const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** A cordoned node takes only pods that tolerate being there. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter({ spec }, { nodes }) {
    if (spec.tolerations?.some((toleration) => tolerates(toleration, taint))) return undefined;
    const { unschedulable } = nodes;
    return { by: "node", refuse: (node) => (unschedulable.values[node] === 1 ? refused : undefined) };
  },
  remedies: () => () => [{ type: "uncordon-node" }],
  mayHelp(event) {
    if (event.type === "node-added") return !event.node.spec?.unschedulable;
    if (event.type !== "node-updated") return false;
    return event.old.spec?.unschedulable === true && !event.node.spec?.unschedulable;
  },
};
