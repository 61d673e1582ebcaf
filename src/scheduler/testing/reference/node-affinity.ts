import type { Node, NodeSelectorTerm, Pod } from "#api";
import { forGood, inProportion, type Rule } from "./rule.ts";
import { holds } from "./selectors.ts";
import { labelsOf, nameOf } from "./world.ts";

export const nodeAffinity: Rule = {
  name: "NodeAffinity",
  refuses: (pod, node) => (wants(pod, node) ? undefined : forGood),
  score(pod, feasible) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return inProportion(
      feasible.map((node) =>
        preferred
          .filter(({ preference }) => meets(node, preference))
          .reduce((sum, { weight }) => sum + weight, 0),
      ),
    );
  },
  weight: 2,
};

/** Whether node selector and required node affinity allow the node. */
export function wants(pod: Pod, node: Node): boolean {
  const { nodeSelector = {}, affinity } = pod.spec ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labelsOf(node)[key] === value) &&
    (required === undefined || required.nodeSelectorTerms.some((term) => meets(node, term)))
  );
}

/** All conditions of a term hold; a term without any is met by no node. */
export function meets(node: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((condition) => holds(condition, labelsOf(node))) &&
    matchFields.every((condition) => holds(condition, { "metadata.name": nameOf(node) }))
  );
}
