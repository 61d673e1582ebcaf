import { forGood, type Rule } from "./rule.ts";
import { nameOf } from "./world.ts";

export const nodeName: Rule = {
  name: "NodeName",
  refuses: (pod, node) => (pod.spec?.nodeName && pod.spec.nodeName !== nameOf(node) ? forGood : undefined),
};
