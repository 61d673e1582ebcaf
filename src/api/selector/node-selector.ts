import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "../generated/types.ts";
import type { Labels, Requirement } from "./requirement.ts";
import { compileSelector, type Selector } from "./selector.ts";

/** What a node selector reads of a node. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Labels;
}

/** Whether a node is one of those that a selector means. */
export type NodeMatcher = (node: SelectableNode) => boolean;

/** One of the terms must match; no term at all matches nothing. */
export function compileNodeSelector({ nodeSelectorTerms }: NodeSelector): NodeMatcher {
  const terms = (nodeSelectorTerms ?? []).map(compileTerm);
  return (node) => terms.some((matches) => matches(node));
}

/** All requirements of a term hold together; an empty term matches nothing. */
function compileTerm({ matchExpressions, matchFields }: NodeSelectorTerm): NodeMatcher {
  const labels = selectorOf(matchExpressions);
  const fields = selectorOf(matchFields);
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
