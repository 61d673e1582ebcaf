import { compileLabelSelector, type PodDisruptionBudget, type Selector } from "#api";
import type { PodFacts } from "../framework/pod-facts.ts";

/** The disruption budgets of a namespace. */
export type BudgetsOf = (namespace: string) => Iterable<PodDisruptionBudget>;

export interface Disruption {
  /** Who goes, in order: the first use up what budgets allow. */
  readonly pods: readonly PodFacts[];
  readonly budgetsOf: BudgetsOf;
  /** Others that go already, unseen by the budgets so far. By UID. */
  readonly condemned: ReadonlyMap<string, PodFacts>;
}

/** Those of the pods that some budget does not let go any more. */
export function violating({ pods, budgetsOf, condemned }: Disruption): ReadonlySet<PodFacts> {
  const violators = new Set<PodFacts>();
  const concerned = pods.map((pod) => ({ pod, budgets: budgetsFor(pod, budgetsOf) }));
  if (concerned.every(({ budgets }) => budgets.length === 0)) return violators;
  const left = new Map<PodDisruptionBudget, number>();
  const takeFrom = (budget: PodDisruptionBudget): number => {
    const allowed = (left.get(budget) ?? budget.status?.disruptionsAllowed ?? 0) - 1;
    left.set(budget, allowed);
    return allowed;
  };
  const going = new Set(pods);
  for (const pod of condemned.values()) {
    if (!going.has(pod)) for (const budget of budgetsFor(pod, budgetsOf)) takeFrom(budget);
  }
  for (const { pod, budgets } of concerned) {
    for (const budget of budgets) if (takeFrom(budget) < 0) violators.add(pod);
  }
  return violators;
}

/** Whether a budget counts the pod's going. */
export function isUnderBudget(pod: PodFacts, budgetsOf: BudgetsOf): boolean {
  return budgetsFor(pod, budgetsOf).length > 0;
}

/** Budgets that the pod falls under and that do not know yet that it goes. One without selector protects nobody here. */
function budgetsFor({ pod, shape }: PodFacts, budgetsOf: BudgetsOf): PodDisruptionBudget[] {
  return [...budgetsOf(shape.namespace)].filter((budget) => {
    const selector = selectorOf(budget);
    const isKnown = Object.hasOwn(budget.status?.disruptedPods ?? {}, pod.metadata?.name ?? "");
    return !selector.isEverything && selector.matches(shape.labels) && !isKnown;
  });
}

const selectors = new WeakMap<PodDisruptionBudget, Selector>();

function selectorOf(budget: PodDisruptionBudget): Selector {
  const known = selectors.get(budget);
  if (known) return known;
  const selector = compileLabelSelector(budget.spec?.selector);
  selectors.set(budget, selector);
  return selector;
}
