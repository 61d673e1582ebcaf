import type { Node, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from "#api";
import { forGood, type Refusal, type Rule, whileItIsFull } from "./rule.ts";
import { selects } from "./selectors.ts";
import { labelOf, labelsOf, nameOf, namespaceOf, type World } from "./world.ts";

/**
 * Near to some pods, away from others. Terms hold both ways: those of the pod towards the pods that are there, and those of the pods
 * that are there towards the pod. Label keys to match need no rule of their own: the API server writes them into the selectors.
 */
export const interPodAffinity: Rule = {
  name: "InterPodAffinity",
  refuses(pod, node, world): Refusal | undefined {
    if (!affinityHolds(pod, node, world)) return forGood;
    const isShunned =
      requiredAnti(pod).some((term) =>
        world.pods.some((other) => isMeant(term, pod, other, world) && areTogether(term, node, other, world)),
      ) ||
      world.pods.some((other) =>
        requiredAnti(other).some(
          (term) => isMeant(term, other, pod, world) && areTogether(term, node, other, world),
        ),
      );
    return isShunned ? whileItIsFull : undefined;
  },
  score(pod, feasible, world) {
    const sums = feasible.map((node) => attraction(pod, node, world));
    const lowest = Math.min(...sums);
    const range = Math.max(...sums) - lowest;
    return sums.map((sum) => (range === 0 ? 0 : Math.floor(100 * ((sum - lowest) / range))));
  },
  weight: 2,
};

/** All terms hold at once, and only pods that all terms mean count. The first of a group that wants to be together may go anywhere. */
function affinityHolds(pod: Pod, node: Node, world: World): boolean {
  const terms = required(pod);
  if (!terms.every(({ topologyKey }) => labelOf(node, topologyKey) !== undefined)) return false;
  const meant = world.pods.filter((other) => terms.every((term) => isMeant(term, pod, other, world)));
  if (terms.every((term) => meant.some((other) => areTogether(term, node, other, world)))) return true;
  const isFirst = !terms.some((term) => meant.some((other) => domainOf(term, other, world) !== undefined));
  return isFirst && terms.every((term) => isMeant(term, pod, pod, world));
}

/** All preferences, the pod's own and those of others about it. Who must be near it counts as weight 1. */
function attraction(pod: Pod, node: Node, world: World): number {
  let sum = 0;
  for (const other of world.pods) {
    const add = (weight: number, term: PodAffinityTerm, owner: Pod, target: Pod) => {
      if (isMeant(term, owner, target, world) && areTogether(term, node, other, world)) sum += weight;
    };
    for (const { weight, podAffinityTerm } of preferred(pod)) add(weight, podAffinityTerm, pod, other);
    for (const { weight, podAffinityTerm } of preferredAnti(pod)) add(-weight, podAffinityTerm, pod, other);
    for (const term of required(other)) add(1, term, other, pod);
    for (const { weight, podAffinityTerm } of preferred(other)) add(weight, podAffinityTerm, other, pod);
    for (const { weight, podAffinityTerm } of preferredAnti(other)) add(-weight, podAffinityTerm, other, pod);
  }
  return sum;
}

/** Whether the owner's term speaks of the target. Without namespaces and namespace selector it means the owner's own namespace. */
function isMeant(term: PodAffinityTerm, owner: Pod, target: Pod, world: World): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const namespace = namespaceOf(target);
  const isOwn =
    namespaces.length === 0 && namespaceSelector === undefined && namespace === namespaceOf(owner);
  const labels = world.namespaces.find((each) => nameOf(each) === namespace);
  const isSelected = selects(namespaceSelector, labels ? labelsOf(labels) : {});
  return (isOwn || namespaces.includes(namespace) || isSelected) && selects(labelSelector, labelsOf(target));
}

/** Whether the node is in the same domain as the node of a pod that is placed. */
function areTogether(term: PodAffinityTerm, node: Node, placed: Pod, world: World): boolean {
  const domain = domainOf(term, placed, world);
  return domain !== undefined && domain === labelOf(node, term.topologyKey);
}

function domainOf({ topologyKey }: PodAffinityTerm, placed: Pod, world: World): string | undefined {
  const node = world.nodes.find((each) => nameOf(each) === placed.spec?.nodeName);
  return node && labelOf(node, topologyKey);
}

function required(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function requiredAnti(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function preferred(pod: Pod): readonly WeightedPodAffinityTerm[] {
  return pod.spec?.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function preferredAnti(pod: Pod): readonly WeightedPodAffinityTerm[] {
  return pod.spec?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}
