import type { Node, Pod, PodDisruptionBudget } from "#api";
import { fits, judge } from "./judge.ts";
import type { Rule } from "./rule.ts";
import { conditionsOf, selects } from "./selectors.ts";
import { labelsOf, nameOf, namespaceOf, podsOn, priorityOf, type World } from "./world.ts";

/** A node where the pod would fit if these went. */
export interface Sacrifice {
  readonly node: string;
  readonly victims: readonly Pod[];
  /** How many of them budgets do not let go. */
  readonly violations: number;
}

/** For every node where that helps, whom Kubernetes would let go: all lower pods, but for those that can come back one after the other. */
export function sacrifices(pod: Pod, world: World, by: readonly Rule[]): readonly Sacrifice[] {
  const { refusals } = judge(pod, world, by);
  return world.nodes
    .filter((node) => refusals.get(nameOf(node))?.isResolvable)
    .flatMap((node) => sacrificeOn(node, pod, world, by) ?? []);
}

function sacrificeOn(node: Node, pod: Pod, world: World, by: readonly Rule[]): Sacrifice | undefined {
  const lower = lowerPods(node, pod, world);
  const isProtected = protectedOf(lower, world.budgets);
  let victims = [...lower];
  if (!fits(pod, node, without(victims, world), by)) return undefined;
  for (const each of [...lower.filter(isProtected), ...lower.filter((one) => !isProtected(one))]) {
    const others = victims.filter((victim) => victim !== each);
    if (fits(pod, node, without(others, world), by)) victims = others;
  }
  const violates = protectedOf(victims, world.budgets);
  return victims.length === 0
    ? undefined
    : { node: nameOf(node), victims, violations: victims.filter(violates).length };
}

/** Those on the node that the pod may have go, the most important first. */
export function lowerPods(node: Node, pod: Pod, world: World): readonly Pod[] {
  return podsOn(node, world)
    .filter((other) => priorityOf(other) < priorityOf(pod))
    .toSorted(byImportance);
}

export function without(gone: readonly Pod[], world: World): World {
  return { ...world, pods: world.pods.filter((pod) => !gone.includes(pod)) };
}

/** Of pods that would go in this order: those that a budget has nothing left for. */
export function protectedOf(
  pods: readonly Pod[],
  budgets: readonly PodDisruptionBudget[],
): (pod: Pod) => boolean {
  const taken = new Set<Pod>();
  for (const budget of budgets) {
    const concerned = pods.filter((pod) => isUnder(budget, pod));
    for (const pod of concerned.slice(budget.status?.disruptionsAllowed ?? 0)) taken.add(pod);
  }
  return (pod) => taken.has(pod);
}

function isUnder({ metadata, spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  return (
    metadata?.namespace === namespaceOf(pod) &&
    spec?.selector !== undefined &&
    conditionsOf(spec.selector).length > 0 &&
    selects(spec.selector, labelsOf(pod)) &&
    status?.disruptedPods?.[nameOf(pod)] === undefined
  );
}

/** The cheapest first: by budgets, the highest priority, all priorities, how many, and who has run for the shortest time. */
export function byCost(a: Sacrifice, b: Sacrifice): number {
  const costs = ({ violations, victims }: Sacrifice) => {
    const priorities = victims.map(priorityOf);
    const highest = Math.max(...priorities);
    const oldest = Math.min(...victims.filter((pod) => priorityOf(pod) === highest).map(startOf));
    const total = priorities.reduce((sum, priority) => sum + priority + 2 ** 31, 0);
    return [violations, highest, total, victims.length, -oldest];
  };
  const [left, right] = [costs(a), costs(b)];
  return left.map((cost, at) => cost - (right[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function byImportance(a: Pod, b: Pod): number {
  return (
    priorityOf(b) - priorityOf(a) ||
    startOf(a) - startOf(b) ||
    ((a.metadata?.uid ?? "") < (b.metadata?.uid ?? "") ? -1 : 1)
  );
}

/** One that has not started is younger than all. */
function startOf({ status }: Pod): number {
  return status?.startTime ? Date.parse(status.startTime) : Number.MAX_SAFE_INTEGER;
}
