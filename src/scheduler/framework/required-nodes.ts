import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from "#api";
import { absent, type LabelColumn } from "./nodes/label-columns.ts";
import type { NodeTable } from "./nodes/node-table.ts";
import { wholeNumber } from "./whole-number.ts";

type NodeTest = (node: number) => boolean;

/** Which nodes `nodeSelector` and required node affinity allow; undefined: all. */
export function requiredNodes(
  { nodeSelector, affinity }: Pick<PodSpec, "nodeSelector" | "affinity">,
  nodes: NodeTable,
): NodeTest | undefined {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selected = Object.entries(nodeSelector ?? {}).map(([key, value]) =>
    isOneOf(nodes.labels.column(key), [value]),
  );
  if (selected.length === 0 && !required) return undefined;
  const terms = (required?.nodeSelectorTerms ?? []).map((term) => compileTerm(term, nodes));
  return (node) => {
    for (const holds of selected) if (!holds(node)) return false;
    return !required || terms.some((matches) => matches(node));
  };
}

/** All requirements of a term hold together; an empty term matches nothing. */
export function compileTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  nodes: NodeTable,
): NodeTest {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const tests = [
    ...matchExpressions.map((requirement) => compileRequirement(requirement, nodes)),
    ...matchFields.map((requirement) => compileField(requirement, nodes)),
  ];
  return (node) => {
    for (const holds of tests) if (!holds(node)) return false;
    return true;
  };
}

function compileRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  nodes: NodeTable,
): NodeTest {
  const column = nodes.labels.column(key);
  switch (operator) {
    case "In":
      return isOneOf(column, values);
    case "NotIn": {
      const isIn = isOneOf(column, values);
      return (node) => !isIn(node);
    }
    case "Exists":
      return (node) => column.of(node) !== absent;
    case "DoesNotExist":
      return (node) => column.of(node) === absent;
    case "Gt":
      return compares(column, values[0], (value, bound) => value > bound);
    case "Lt":
      return compares(column, values[0], (value, bound) => value < bound);
    default:
      return () => false;
  }
}

/** The only field of nodes that can be asked for is the name. */
function compileField({ key, operator, values = [] }: NodeSelectorRequirement, nodes: NodeTable): NodeTest {
  if (key !== "metadata.name") return () => false;
  const names = new Set(values);
  if (operator === "In") return (node) => names.has(nodes.name(node));
  if (operator === "NotIn") return (node) => !names.has(nodes.name(node));
  return () => false;
}

function isOneOf(column: LabelColumn, values: readonly string[]): NodeTest {
  const domains = values.map((value) => column.domain(value));
  const [only] = domains;
  if (only !== undefined && domains.length === 1) return (node) => column.of(node) === only;
  const wanted = new Set(domains);
  return (node) => wanted.has(column.of(node));
}

function compares(
  column: LabelColumn,
  bound: string | undefined,
  holds: (value: bigint, bound: bigint) => boolean,
): NodeTest {
  const limit = wholeNumber(bound);
  if (limit === undefined) return () => false;
  /** By domain: values do not change, so each is parsed once. */
  const judged: boolean[] = [];
  return (node) => {
    const domain = column.of(node);
    if (domain === absent) return false;
    if (judged[domain] === undefined) {
      const value = wholeNumber(column.value(domain));
      judged[domain] = value !== undefined && holds(value, limit);
    }
    return judged[domain];
  };
}
