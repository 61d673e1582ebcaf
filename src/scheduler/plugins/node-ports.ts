import { leaving } from "../framework/leaving.ts";
import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) didn't have free ports for the requested pod ports", {
  isResolvable: true,
});

/** A host port belongs to one pod per node. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  filter({ hostPorts }, { nodes }) {
    if (hostPorts.length === 0) return undefined;
    return {
      by: "node",
      refuse: (node) => (hostPorts.some((port) => nodes.hostPorts.isTaken(node, port)) ? refused : undefined),
    };
  },
  remedies({ hostPorts }, { nodes }) {
    return (node) => {
      const taken = hostPorts.filter((port) => nodes.hostPorts.isTaken(node, port));
      return [{ type: "free-port", ports: taken.map(({ protocol, port }) => `${port}/${protocol}`) }];
    };
  },
  mayHelp(event, { hostPorts }) {
    if (event.type === "node-added") return true;
    const freed = leaving(event)?.hostPorts ?? [];
    return freed.some(({ port }) => hostPorts.some((wanted) => wanted.port === port));
  },
};
