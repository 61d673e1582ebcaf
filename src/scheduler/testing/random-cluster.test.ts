import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ClusterModel } from "./cluster-model.ts";
import { randomSteps } from "./random-steps.ts";
import { judge, rules } from "./reference/judge.ts";

test("random clusters give every rule something to refuse and something to prefer", () => {
  const refused: string[] = [];
  const preferred: string[] = [];
  for (const steps of fc.sample(randomSteps, { seed: 1, numRuns: 500 })) {
    const model = new ClusterModel();
    model.begin();
    for (const step of steps) {
      model.apply(step);
      const pod = model.asked(step);
      if (!pod) continue;
      const { refusals, scores, feasible, totals } = judge(pod, model.world);
      for (const { rule } of refusals.values()) refused.push(rule);
      for (const [rule, points] of scores) if (new Set(points).size > 1) preferred.push(rule);
      const best = feasible[totals.indexOf(Math.max(...totals))];
      if (best !== undefined) model.place(pod, best);
    }
  }
  for (const { name, refuses, score } of rules) {
    // No pod of theirs names its node before it has one.
    if (refuses && name !== "NodeName") assert.ok(times(name, refused) > 10, `${name} refuses too rarely`);
    if (score) assert.ok(times(name, preferred) > 5, `${name} prefers too rarely`);
  }
});

function times(name: string, names: readonly string[]): number {
  return names.filter((each) => each === name).length;
}
