import assert from "node:assert/strict";
import type { Node, Pod } from "#api";
import type { Nomination } from "../framework/plugin.ts";
import { fits } from "./reference/judge.ts";
import { byCost, lowerPods, protectedOf, sacrifices, subsets, without } from "./reference/preemption.ts";
import type { Rule } from "./reference/rule.ts";
import { nameOf, priorityOf, type World } from "./reference/world.ts";

/** Holds a preemption to what Kubernetes would do, and to what must hold whatever one does. */
export function compareNomination(
  pod: Pod,
  nomination: Nomination | undefined,
  world: World,
  by: readonly Rule[],
): void {
  if (pod.spec?.preemptionPolicy === "Never") {
    assert.equal(nomination, undefined);
    return;
  }
  const expected = sacrifices(pod, world, by).toSorted(byCost);
  const [cheapest] = expected;
  if (!cheapest || !nomination) {
    assert.equal(nomination?.nodeName, cheapest?.node);
    return;
  }
  const chosen = expected.find(({ node }) => node === nomination.nodeName);
  assert.deepEqual(
    nomination.victims.map(({ uid }) => uid).sort(),
    chosen?.victims.map(({ metadata }) => metadata?.uid).sort(),
  );
  assert.ok(chosen && byCost(chosen, cheapest) === 0, `${cheapest.node} is cheaper than ${chosen?.node}`);
  const node = world.nodes.find((each) => nameOf(each) === chosen.node) as Node;
  assert.ok(chosen.victims.every((victim) => priorityOf(victim) < priorityOf(pod)));
  assert.ok(fits(pod, node, without(chosen.victims, world), by), "it does not fit once they are gone");
  if (chosen.violations > 0)
    assert.ok(!isPossibleWithoutViolation(pod, world, by), "a budget need not suffer");
}

/** Whether some pods on some node could go, by every budget, such that the pod fits. Tries all sets of few pods. */
function isPossibleWithoutViolation(pod: Pod, world: World, by: readonly Rule[]): boolean {
  return world.nodes.some((node) => {
    const lower = lowerPods(node, pod, world);
    if (lower.length > 8) return false;
    return subsets(lower).some(
      (victims) =>
        !victims.some(protectedOf(victims, world.budgets)) && fits(pod, node, without(victims, world), by),
    );
  });
}
