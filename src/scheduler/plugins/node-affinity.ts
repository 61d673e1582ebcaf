import { jsonEqual, type NodeSelectorTerm } from "#api";
import { scoreByTrait } from "../framework/normalize.ts";
import { type Plugin, rejection } from "../framework/plugin.ts";
import { relabellingFor } from "../framework/relabel.ts";
import type { Remedy } from "../framework/remedy.ts";
import { compileTerm, requiredNodes } from "../framework/required-nodes.ts";

const refused = rejection("node(s) didn't match Pod's node affinity/selector", { isResolvable: false });

/** `nodeSelector` and required node affinity say where a pod may go, preferred node affinity where it likes to. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  filter({ spec }, { nodes }) {
    const isRequired = requiredNodes(spec, nodes);
    return isRequired && { by: "node", refuse: (node) => (isRequired(node) ? undefined : refused) };
  },
  score({ spec }, { nodes }) {
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    if (!preferred?.length) return undefined;
    const terms = preferred.map(({ preference, weight }) => ({
      matches: compileTerm(preference, nodes),
      weight,
    }));
    const sum = (node: number) => {
      let score = 0;
      for (const { matches, weight } of terms) if (matches(node)) score += weight;
      return score;
    };
    return scoreByTrait(sum, { best: "highest" });
  },
  weight: 2,
  /** Of several terms the one that asks for the fewest labels. A name cannot be changed: what asks for another node's name is no remedy. */
  remedies({ spec }, { nodes }) {
    const selected = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => ({
      key,
      operator: "In",
      values: [value],
    }));
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const alternatives = required ? required.nodeSelectorTerms.flatMap(byLabelsAlone) : [[]];
    return (node): readonly Remedy[] => {
      const labels = nodes.labels.of(node);
      const [fewest] = alternatives
        .map((requirements) => relabellingFor([...selected, ...requirements], labels))
        .filter((relabelling) => relabelling !== undefined)
        .sort((a, b) => Object.keys(a).length - Object.keys(b).length);
      return fewest ? [{ type: "label-node", labels: fewest }] : [];
    };
  },
  mayHelp(event, { spec }, { nodes }) {
    if (event.type !== "node-added" && event.type !== "node-updated") return false;
    if (event.type === "node-updated" && jsonEqual(event.node.metadata?.labels, event.old.metadata?.labels))
      return false;
    const node = nodes.find(event.node.metadata?.name ?? "");
    return node !== undefined && (requiredNodes(spec, nodes)?.(node) ?? true);
  },
};

/** A term that asks for nothing matches nothing. */
function byLabelsAlone({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm) {
  return matchExpressions.length > 0 && matchFields.length === 0 ? [matchExpressions] : [];
}
