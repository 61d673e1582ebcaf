import { formatSelector, jsonEqual, type NodeSelectorRequirement, type Requirement } from "#api";
import { scoreByTrait } from "../framework/normalize.ts";
import { type Plugin, rejection } from "../framework/plugin.ts";
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
  /** A name cannot be changed: what asks for another node's name is no remedy. */
  remedies({ spec }) {
    const exact = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`);
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const terms = required?.nodeSelectorTerms.filter(({ matchFields }) => !matchFields?.length) ?? [{}];
    const alternatives = terms.map(({ matchExpressions = [] }) =>
      [...exact, ...inWords(matchExpressions)].join(", "),
    );
    const remedies: readonly Remedy[] = alternatives.length > 0 ? [{ type: "label-node", alternatives }] : [];
    return () => remedies;
  },
  mayHelp(event, { spec }, { nodes }) {
    if (event.type !== "node-added" && event.type !== "node-updated") return false;
    if (event.type === "node-updated" && jsonEqual(event.node.metadata?.labels, event.old.metadata?.labels))
      return false;
    const node = nodes.find(event.node.metadata?.name ?? "");
    return node !== undefined && (requiredNodes(spec, nodes)?.(node) ?? true);
  },
};

function inWords(requirements: readonly NodeSelectorRequirement[]): readonly string[] {
  return requirements.map(({ key, operator, values = [] }) =>
    formatSelector({ requirements: [{ key, operator: operator as Requirement["operator"], values }] }),
  );
}
