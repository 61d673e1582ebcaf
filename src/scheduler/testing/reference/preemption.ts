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

/**
 * For every node where that helps, whom Kubernetes would let go: all lower pods, but for those that can come back one after the other. If
 * a budget does not let these go: the cheapest others that all budgets let go, if there are any. If budgets suffer on all nodes: whoever may
 * go by them, though some lower pod has to stay for this one to fit.
 */
export function sacrifices(pod: Pod, world: World, by: readonly Rule[]): readonly Sacrifice[] {
  const { refusals } = judge(pod, world, by);
  const nodes = world.nodes.filter((node) => refusals.get(nameOf(node))?.isResolvable);
  const usual = nodes.flatMap((node) => sacrificeOn(node, pod, world, by) ?? []);
  if (usual.length === 0 || usual.some(({ violations }) => violations === 0)) return usual;
  const harmless = nodes.flatMap((node) => harmlessOn(node, pod, world, by) ?? []);
  return harmless.length > 0 ? harmless : usual;
}

function harmlessOn(node: Node, pod: Pod, world: World, by: readonly Rule[]): Sacrifice | undefined {
  const fitsWithout = (victims: readonly Pod[]) => fits(pod, node, without(victims, world), by);
  return subsets(lowerPods(node, pod, world).slice(-8))
    .filter((going) => !going.some(protectedOf(going, world.budgets)) && fitsWithout(going))
    .map((going) => ({ node: nameOf(node), victims: notBack(going, fitsWithout), violations: 0 }))
    .toSorted(byCost)[0];
}

function sacrificeOn(node: Node, pod: Pod, world: World, by: readonly Rule[]): Sacrifice | undefined {
  const lower = lowerPods(node, pod, world);
  const isProtected = protectedOf(lower, world.budgets);
  const fitsWithout = (victims: readonly Pod[]) => fits(pod, node, without(victims, world), by);
  const sacrifice = (victims: readonly Pod[]): Sacrifice => {
    const violates = protectedOf(victims, world.budgets);
    return { node: nameOf(node), victims, violations: victims.filter(violates).length };
  };
  if (!fitsWithout(lower)) return undefined;
  const order = [...lower.filter(isProtected), ...lower.filter((one) => !isProtected(one))];
  const usual = sacrifice(notBack(order, fitsWithout));
  if (usual.victims.length === 0 || usual.violations === 0)
    return usual.victims.length === 0 ? undefined : usual;
  const isCounted = (one: Pod) => world.budgets.some((budget) => isUnder(budget, one));
  return subsets(lower.filter(isCounted))
    .map((going) => lower.filter((one) => !isCounted(one) || going.includes(one)))
    .filter((going) => sacrifice(going).violations === 0 && fitsWithout(going))
    .map((going) => sacrifice(notBack(going, fitsWithout)))
    .reduce((best, other) => (byCost(other, best) < 0 ? other : best), usual);
}

/** Who cannot come back, one after the other. */
function notBack(order: readonly Pod[], fitsWithout: (victims: readonly Pod[]) => boolean): readonly Pod[] {
  return order.reduce((victims, each) => {
    const others = victims.filter((victim) => victim !== each);
    return fitsWithout(others) ? others : victims;
  }, order);
}

/** All of them, beginning with none; those with the first come last. */
export function subsets<T>([first, ...others]: readonly T[]): readonly (readonly T[])[] {
  if (first === undefined) return [[]];
  const without = subsets(others);
  return [...without, ...without.map((subset) => [first, ...subset])];
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
