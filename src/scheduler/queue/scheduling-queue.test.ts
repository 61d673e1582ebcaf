import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { Cluster } from "../framework/cluster.ts";
import type { ClusterEvent } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import { prioritySort } from "../plugins/priority-sort.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

function newQueue() {
  const clock = new VirtualClock();
  const gated = new Set<string>();
  const queue = new SchedulingQueue({
    clock,
    compare: prioritySort,
    gate: (facts) => (gated.has(facts.uid) ? "gated" : undefined),
    mayHelp: (event, _, rejectedBy) => rejectedBy.has("Fit") && event.type === "pod-removed",
    onReady: () => {},
  });
  return { clock, queue, gated };
}

const cluster = new Cluster();

function facts(name: string, priority = 0): PodFacts {
  const metadata = { name, namespace: "shop", uid: name };
  return cluster.factsOf({ metadata, spec: { containers: [], priority } });
}

const podRemoved: ClusterEvent = { type: "pod-removed", pod: facts("gone"), nodeName: "n" };
const nodeUpdated: ClusterEvent = { type: "node-updated", node: {}, old: {} };

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
  queue.onEvent(nodeUpdated);
  assert.equal(queue.hasActive, false);
  queue.onEvent(podRemoved);
  assert.equal(queue.hasActive, true);
  const again = queue.pop();
  assert.ok(again);
  queue.giveBackUnschedulable(again, new Set(["Fit"]));
  queue.onEvent(podRemoved);
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
  assert.equal(queue.pop()?.facts.shape.priority, 5);
  assert.equal(queue.pop(), undefined);
});
