import { absent, type LabelColumn } from "../../framework/nodes/label-columns.ts";
import type { Trait, TraitGroup, TraitScore } from "../../framework/plugin.ts";
import { type Constraint, countSpread, type SpreadOptions } from "./constraint.ts";
import type { SoftConstraints } from "./constraints-of.ts";

/** Nodes in domains with fewer pods are better; domains of which there are many weigh more, or their few pods each would not show. */
export function scoreBySpread(
  { constraints, needsAllKeys }: SoftConstraints,
  options: Omit<SpreadOptions, "keys">,
): TraitScore | undefined {
  if (constraints.length === 0) return undefined;
  const keys = needsAllKeys ? constraints.map(({ topologyKey }) => topologyKey) : [];
  const rules = constraints.map((constraint) => ruleOf(constraint, { ...options, keys }));
  const isIgnored = ({ traits }: TraitGroup) => needsAllKeys && traits.includes(absent);
  return {
    by: "traits",
    traits: rules.map(({ trait }) => trait),
    score(groups, scores) {
      const scored = groups.filter((group) => !isIgnored(group));
      const weights = rules.map((rule, at) => Math.log(sizeOf(rule, scored, at) + 2));
      const sums = scored.map(({ traits }) => {
        let sum = 0;
        for (let at = 0; at < rules.length; at += 1) {
          const value = traits[at] as number;
          const { maxSkew, count } = rules[at] as Rule;
          if (value !== absent) sum += count(value) * (weights[at] as number) + maxSkew - 1;
        }
        return Math.round(sum);
      });
      const shares = sharesOf(sums);
      let next = 0;
      groups.forEach((group, at) => {
        scores[at] = isIgnored(group) ? 0 : (shares[next++] as number);
      });
    },
  };
}

interface Rule {
  readonly maxSkew: number;
  readonly trait: Trait;
  /** The trait is a count on the node. */
  readonly isNode: boolean;
  readonly isHost: boolean;
  /** Pods that a trait stands for. */
  count(trait: number): number;
}

function ruleOf(constraint: Constraint, options: SpreadOptions): Rule {
  const { maxSkew, topologyKey } = constraint;
  const pods = countSpread(constraint, options);
  const { column } = pods;
  const isHost = topologyKey === hostname;
  if (!isHost && !column.isUnique) {
    const trait = (node: number) => column.of(node);
    return { maxSkew, isNode: false, isHost, trait, count: (domain) => pods.in(domain) };
  }
  const onNode = isHost ? (node: number) => pods.on(node) : inDomain(pods);
  return {
    maxSkew,
    isNode: true,
    isHost,
    trait: (node) => (column.of(node) === absent ? absent : onNode(node)),
    count: (trait) => trait,
  };
}

/** A host's pods are those on it, whatever other nodes call themselves. */
const hostname = "kubernetes.io/hostname";

function inDomain(pods: { readonly column: LabelColumn; in(domain: number): number }): Trait {
  return (node) => pods.in(pods.column.of(node));
}

/** Over how many domains the nodes are spread that fit. Nodes without the label are as good as one, but as a host each counts. */
function sizeOf({ isNode, isHost }: Rule, groups: readonly TraitGroup[], at: number): number {
  const domains = new Set<number>();
  let nodes = 0;
  for (const { traits, size } of groups) {
    const value = traits[at] as number;
    if (isHost || (isNode && value !== absent)) nodes += size;
    else domains.add(value);
  }
  return domains.size + nodes;
}

/** The fewer the better: the fewest get 100. */
function sharesOf(sums: readonly number[]): readonly number[] {
  let least = Infinity;
  let most = 0;
  for (const sum of sums) {
    if (sum < least) least = sum;
    if (sum > most) most = sum;
  }
  if (most === 0) return sums.map(() => 100);
  return sums.map((sum) => Math.floor((100 * (most + least - sum)) / most));
}
