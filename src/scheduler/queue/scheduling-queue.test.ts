import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "#testing";
import type { ClusterEvent } from "../framework/plugin.ts";
import { factsOf, type PodFacts } from "../framework/pod-facts.ts";
import { prioritySort } from "../plugins/priority-sort.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

function newQueue() {
  const clock = new ManualClock();
  const gated = new Set<string>();
  const queue = new SchedulingQueue({
    clock,
    compare: prioritySort,
    gate: (facts) => (gated.has(facts.uid) ? "gated" : undefined),
    helps: (event: ClusterEvent, rejectedBy) => rejectedBy.has("Fit") && event === "pod-removed",
    onReady: () => {},
  });
  return { clock, queue, gated };
}

function facts(name: string, priority = 0): PodFacts {
  return factsOf({ metadata: { name, namespace: "shop", uid: name }, spec: { containers: [], priority } });
}

test("higher priority comes first, then who waits longest", () => {
  const { queue } = newQueue();
  for (const one of [facts("a"), facts("b", 10), facts("c"), facts("d", 10)]) queue.put(one);
  const order = Array.from({ length: 4 }, () => queue.pop()?.facts.uid);
  assert.deepEqual(order, ["b", "d", "a", "c"]);
  assert.equal(queue.hasActive, false);
});

test("an unschedulable pod waits for an event that may help: at once the first time, then after its back-off", async () => {
  const { clock, queue } = newQueue();
  queue.put(facts("a"));
  const popped = queue.pop();
  assert.ok(popped);
  queue.giveBackUnschedulable(popped, new Set(["Fit"]));
  queue.onEvent("node-updated");
  assert.equal(queue.hasActive, false);
  queue.onEvent("pod-removed");
  assert.equal(queue.hasActive, true);
  const again = queue.pop();
  assert.ok(again);
  queue.giveBackUnschedulable(again, new Set(["Fit"]));
  queue.onEvent("pod-removed");
  await clock.advance(1999);
  assert.equal(queue.hasActive, false);
  await clock.advance(1);
  assert.equal(queue.hasActive, true);
});

test("pauses between attempts double up to ten seconds", async () => {
  const { clock, queue } = newQueue();
  queue.put(facts("a"));
  for (const pauseMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const popped = queue.pop();
    assert.ok(popped);
    queue.giveBackFailed(popped);
    await clock.advance(pauseMs - 1);
    assert.equal(queue.hasActive, false);
    await clock.advance(1);
    assert.equal(queue.hasActive, true);
  }
});

test("a pod that nothing wakes is tried again after five minutes", async () => {
  const { clock, queue } = newQueue();
  queue.put(facts("a"));
  const popped = queue.pop();
  assert.ok(popped);
  queue.giveBackUnschedulable(popped, new Set(["Other"]));
  await clock.advance(299_999);
  assert.equal(queue.hasActive, false);
  await clock.advance(1);
  assert.equal(queue.hasActive, true);
});

test("a gated pod waits until its gates are gone", () => {
  const { queue, gated } = newQueue();
  gated.add("a");
  queue.put(facts("a"));
  assert.deepEqual(queue.counts, { active: 0, backoff: 0, unschedulable: 0, gated: 1 });
  gated.delete("a");
  queue.put(facts("a"));
  assert.equal(queue.pop()?.facts.uid, "a");
});

test("what was removed or replaced does not come out", () => {
  const { queue } = newQueue();
  queue.put(facts("a"));
  queue.put(facts("a", 5));
  queue.put(facts("b"));
  queue.remove("b");
  assert.equal(queue.pop()?.facts.priority, 5);
  assert.equal(queue.pop(), undefined);
});
