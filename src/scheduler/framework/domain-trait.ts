import { absent, type LabelColumn } from "./nodes/label-columns.ts";
import type { Trait } from "./plugin.ts";

/** Counts by domain of a column. */
export interface Domain {
  readonly column: LabelColumn;
  in(domain: number): number;
}

export interface DomainTrait {
  /** `absent` where the node lacks the label. */
  readonly trait: Trait;
  /** The trait is what there is on the node, not which domain it is in. */
  readonly isNode: boolean;
}

/**
 * What to read of a node about its domain. Where several nodes share one it is the domain, so that a change in it concerns no node but only a
 * group of them. Where each node is one of its own (host names) there would be as many groups as nodes: then it is what the domain has, `onNode`,
 * which changes with the node.
 */
export function domainTrait(column: LabelColumn, onNode: Trait): DomainTrait {
  if (!column.isUnique) return { trait: (node) => column.of(node), isNode: false };
  return { trait: (node) => (column.of(node) === absent ? absent : onNode(node)), isNode: true };
}
