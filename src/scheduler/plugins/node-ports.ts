import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) didn't have free ports for the requested pod ports", {
  isResolvable: true,
});

/** A host port belongs to one pod per node. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  filter({ hostPorts }) {
    if (hostPorts.length === 0) return undefined;
    return (node) => (hostPorts.some((port) => node.holdsPort(port)) ? refused : undefined);
  },
  wakesOn: ["node-added", "node-updated", "pod-removed"],
};
