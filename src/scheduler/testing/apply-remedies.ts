import type { Node, Pod } from "#api";
import type { ExplainInput } from "../explanation/explain-pod.ts";
import { relabelled } from "../framework/relabel.ts";
import type { Remedy } from "../framework/remedy.ts";

/** The cluster once somebody has done what was suggested for one node; undefined where that cannot be done to objects alone. */
export function applyRemedies(
  input: ExplainInput,
  { changes, node }: { readonly changes: readonly Remedy[]; readonly node: string },
): ExplainInput | undefined {
  let done: ExplainInput | undefined = input;
  for (const change of changes) done = done && apply(done, change, node);
  return done;
}

function apply(input: ExplainInput, remedy: Remedy, node: string): ExplainInput | undefined {
  switch (remedy.type) {
    case "label-node":
      return onNode(input, node, ({ metadata, ...more }) => ({
        ...more,
        metadata: { ...metadata, labels: relabelled(metadata?.labels ?? {}, remedy.labels) },
      }));
    case "uncordon-node":
      return onNode(input, node, ({ spec, ...more }) => ({
        ...more,
        spec: { ...spec, unschedulable: false },
      }));
    case "allow-more-pods":
      return onNode(input, node, ({ status, ...more }) => ({
        ...more,
        status: { ...status, allocatable: { ...status?.allocatable, pods: String(remedy.to) } },
      }));
    case "tolerate-taint": {
      const { key, value, effect } = remedy;
      const toleration = { key, operator: "Equal", value, effect };
      return withSpec(input, (spec) => ({ ...spec, tolerations: [...(spec.tolerations ?? []), toleration] }));
    }
    case "raise-max-skew":
      return withSpec(input, ({ topologySpreadConstraints = [], ...spec }) => ({
        ...spec,
        topologySpreadConstraints: topologySpreadConstraints.map((constraint) =>
          constraint.topologyKey === remedy.topologyKey ? { ...constraint, maxSkew: remedy.to } : constraint,
        ),
      }));
    default:
      return undefined;
  }
}

function onNode(input: ExplainInput, name: string, change: (node: Node) => Node): ExplainInput {
  return {
    ...input,
    nodes: input.nodes.map((node) => (node.metadata?.name === name ? change(node) : node)),
  };
}

function withSpec(
  input: ExplainInput,
  change: (spec: NonNullable<Pod["spec"]>) => NonNullable<Pod["spec"]>,
): ExplainInput {
  return { ...input, pod: { ...input.pod, spec: change(input.pod.spec ?? { containers: [] }) } };
}
