import {
  compileSelector,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type Requirement,
  type Selector,
} from "#api";
import type { NodeState } from "../framework/node-state.ts";
import { type Plugin, rejection } from "../framework/plugin.ts";

const refused = rejection("node(s) didn't match Pod's node affinity/selector", { isResolvable: false });

/** `nodeSelector` and required node affinity say where a pod may go, preferred node affinity where it likes to. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  filter({ pod }) {
    const { nodeSelector, affinity } = pod.spec ?? {};
    const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (!nodeSelector && !required) return undefined;
    const exact = Object.entries(nodeSelector ?? {});
    const terms = required?.nodeSelectorTerms?.map(compileTerm);
    return (node) => {
      for (const [key, value] of exact) if (node.labels[key] !== value) return refused;
      if (terms && !terms.some((matches) => matches(node))) return refused;
      return undefined;
    };
  },
  score({ pod }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    if (!preferred?.length) return undefined;
    const terms = preferred.map(({ preference, weight }) => ({ matches: compileTerm(preference), weight }));
    return (node) => {
      let score = 0;
      for (const { matches, weight } of terms) if (matches(node)) score += weight;
      return score;
    };
  },
  normalize: "highest",
  weight: 2,
  wakesOn: ["node-added", "node-updated"],
};

/** All requirements of a term hold together; an empty term matches nothing. */
function compileTerm(term: NodeSelectorTerm): (node: NodeState) => boolean {
  const labels = selectorOf(term.matchExpressions);
  const fields = selectorOf(term.matchFields);
  if (!labels && !fields) return () => false;
  return (node) =>
    (!labels || labels.matches(node.labels)) && (!fields || fields.matches({ "metadata.name": node.name }));
}

function selectorOf(requirements: readonly NodeSelectorRequirement[] | undefined): Selector | undefined {
  if (!requirements?.length) return undefined;
  return compileSelector(
    requirements.map(
      ({ key, operator, values }): Requirement => ({
        key,
        operator: operator as Requirement["operator"],
        values: values ?? [],
      }),
    ),
  );
}
