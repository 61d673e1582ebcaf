import type { Node, Pod, TopologySpreadConstraint } from "#api";
import { siblingsOf } from "./default-selector.ts";
import { wants } from "./node-affinity.ts";
import { forGood, type Refusal, type Rule, whileItIsFull } from "./rule.ts";
import { type Condition, conditionsOf, equals, holds } from "./selectors.ts";
import { repels } from "./taint-toleration.ts";
import { labelOf, labelsOf, namespaceOf, podsOn, type World } from "./world.ts";

const hostname = "kubernetes.io/hostname";

/** Pods that belong together are spread over domains: strictly (`DoNotSchedule`) or as well as possible (`ScheduleAnyway`). */
export const podTopologySpread: Rule = {
  name: "PodTopologySpread",
  refuses(pod, node, world): Refusal | undefined {
    const spreads = spreadsOf(pod, "DoNotSchedule");
    for (const spread of spreads) {
      const domain = labelOf(node, spread.topologyKey);
      if (domain === undefined) return forGood;
      const counted = world.nodes.filter(
        (each) => hasAllKeys(each, spreads) && isIncluded(each, pod, spread),
      );
      const counts = countByDomain(counted, pod, spread, world);
      const fewest = counts.size < spread.minDomains ? 0 : Math.min(...counts.values());
      const self = isSelected(pod, spread.selector) ? 1 : 0;
      if ((counts.get(domain) ?? 0) + self - fewest > spread.maxSkew) return whileItIsFull;
    }
    return undefined;
  },
  score(pod, feasible, world) {
    const isOwn = (pod.spec?.topologySpreadConstraints ?? []).length > 0;
    const spreads = isOwn ? spreadsOf(pod, "ScheduleAnyway") : defaultSpreads(pod, world);
    if (spreads.length === 0) return undefined;
    // The cluster's own spreads do without a label that a node lacks; the pod's do not.
    const isScored = (node: Node) => !isOwn || hasAllKeys(node, spreads);
    const scored = feasible.filter(isScored);
    const raws = scored.map((node) =>
      Math.round(
        spreads
          .filter(({ topologyKey }) => labelOf(node, topologyKey) !== undefined)
          .map((spread) => crowd(node, spread, scored, pod, world.nodes.filter(isScored), world))
          .reduce((a, b) => a + b, 0),
      ),
    );
    const highest = Math.max(0, ...raws);
    const lowest = Math.min(...raws);
    return feasible.map((node) => {
      const at = scored.indexOf(node);
      if (at < 0) return 0;
      if (highest === 0) return 100;
      return Math.floor((100 * (highest + lowest - (raws[at] ?? 0))) / highest);
    });
  },
  weight: 2,
};

interface Spread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** Which pods are counted; undefined: none. */
  readonly selector: readonly Condition[] | undefined;
}

function spreadsOf(pod: Pod, whenUnsatisfiable: string): readonly Spread[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      honorsAffinity: (constraint.nodeAffinityPolicy ?? "Honor") === "Honor",
      honorsTaints: (constraint.nodeTaintsPolicy ?? "Ignore") === "Honor",
      selector: selectorOf(constraint, pod),
    }));
}

function selectorOf(
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
  pod: Pod,
): readonly Condition[] | undefined {
  if (!labelSelector) return undefined;
  const own = labelsOf(pod);
  const alike = matchLabelKeys.flatMap((key) => (own[key] === undefined ? [] : [equals(key, own[key])]));
  return [...conditionsOf(labelSelector), ...alike];
}

/** What Kubernetes does for pods of a service or set that ask for nothing themselves. */
function defaultSpreads(pod: Pod, world: World): readonly Spread[] {
  const selector = siblingsOf(pod, world);
  if (selector.length === 0) return [];
  const rest = { minDomains: 1, honorsAffinity: true, honorsTaints: false, selector };
  return [
    { topologyKey: hostname, maxSkew: 3, ...rest },
    { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5, ...rest },
  ];
}

/** How crowded the node's domain is: the more domains there are, the more a pod in one of them weighs. */
function crowd(
  node: Node,
  spread: Spread,
  scored: readonly Node[],
  pod: Pod,
  all: readonly Node[],
  world: World,
): number {
  const { topologyKey, maxSkew } = spread;
  const isPerNode = topologyKey === hostname;
  const domains = isPerNode ? scored.length : new Set(scored.map((each) => labelOf(each, topologyKey))).size;
  const included = all.filter((each) => isIncluded(each, pod, spread));
  const count = isPerNode
    ? countOn(node, pod, spread, world)
    : (countByDomain(included, pod, spread, world).get(labelOf(node, topologyKey) ?? "") ?? 0);
  return count * Math.log(domains + 2) + (maxSkew - 1);
}

/** Whether the pod could be on the node at all, as far as the spread cares: only such nodes count. */
function isIncluded(node: Node, pod: Pod, { honorsAffinity, honorsTaints }: Spread): boolean {
  return (!honorsAffinity || wants(pod, node)) && (!honorsTaints || !repels(node, pod));
}

function hasAllKeys(node: Node, spreads: readonly Spread[]): boolean {
  return spreads.every(({ topologyKey }) => labelOf(node, topologyKey) !== undefined);
}

function countByDomain(nodes: readonly Node[], pod: Pod, spread: Spread, world: World): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const domain = labelOf(node, spread.topologyKey) ?? "";
    counts.set(domain, (counts.get(domain) ?? 0) + countOn(node, pod, spread, world));
  }
  return counts;
}

/** Pods on the node that the spread counts: of the pod's namespace, selected, not about to go. A selector of everything counts nobody. */
function countOn(node: Node, pod: Pod, { selector }: Spread, world: World): number {
  if (!selector?.length) return 0;
  return podsOn(node, world).filter(
    (other) =>
      namespaceOf(other) === namespaceOf(pod) &&
      !other.metadata?.deletionTimestamp &&
      isSelected(other, selector),
  ).length;
}

function isSelected(pod: Pod, selector: readonly Condition[] | undefined): boolean {
  return selector?.every((condition) => holds(condition, labelsOf(pod))) ?? false;
}
