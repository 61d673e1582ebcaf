import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) didn't match the requested node name", { isResolvable: false });

/** A pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter({ pod }) {
    const wanted = pod.spec?.nodeName;
    return wanted ? (node) => (node.name === wanted ? undefined : refused) : undefined;
  },
  wakesOn: ["node-added"],
};
