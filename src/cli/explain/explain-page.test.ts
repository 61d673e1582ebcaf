import assert from "node:assert/strict";
import { test } from "node:test";
import { explainPage } from "./explain-page.ts";
import type { ExplainedPod, ScoredNode } from "./explained-pod.ts";

const plain = { colour: false, live: false, out: () => {}, note: () => {} };

const taint = { reason: "node(s) had untolerated taint {gpu: yes}" };
const cpu = { reason: "Insufficient cpu" };
const unplaced: ExplainedPod = {
  pod: "shop/api",
  placement: {
    type: "unplaced",
    refused: [
      { reasons: [cpu], nodes: ["a", "b", "c", "d"] },
      { reasons: [taint, cpu], nodes: ["gpu"] },
    ],
    feasible: [],
  },
  suggestions: [
    { change: "request 500m less cpu", nodes: ["a", "b", "c", "d"] },
    { change: "tolerate the taint gpu=yes:NoSchedule, and request 1 less cpu", nodes: ["gpu"] },
  ],
};

test("of a pod that fits nowhere it says why not, by groups of nodes, and what would help", () => {
  const ifMoreImportant = { node: "b", pods: ["shop/batch-1", "shop/batch-2"], priority: 1 };
  assert.equal(
    explainPage(plain, { ...unplaced, ifMoreImportant }),
    `Pod shop/api waits for a node. Of 5 nodes none takes it:

  4 nodes (a, b and 2 more): Insufficient cpu
  1 node (gpu): node(s) had untolerated taint {gpu: yes}; Insufficient cpu

What would help, the smallest change first:
  - request 500m less cpu: opens a, b and 2 more
  - tolerate the taint gpu=yes:NoSchedule, and request 1 less cpu: opens gpu
  - give it a priority of 1 or more: then shop/batch-1, shop/batch-2 would have to go from b
`,
  );
});

test("where room is being made for it there is nothing to do", () => {
  const page = explainPage(plain, { ...unplaced, preemption: { node: "b", pods: ["shop/batch-1"] } });
  assert.match(page, /\n\nRoom is made on b: shop\/batch-1 is less important, and must go\.\n$/);
});

test("where nothing is known to help it says so", () => {
  const page = explainPage(plain, { ...unplaced, suggestions: [] });
  assert.match(page, /No single change that is known would help; a new node might\.\n$/);
  const empty: ExplainedPod = { ...unplaced, placement: { type: "unplaced", refused: [], feasible: [] } };
  assert.equal(explainPage(plain, empty), "Pod shop/api waits for a node: the cluster has none.\n");
});

test("a pod of another scheduler, and one that is gated, are told to be", () => {
  const reason = "waiting for scheduling gates: [example.com/wait]";
  const gated: ExplainedPod = {
    pod: "shop/api",
    otherScheduler: "mine",
    placement: { type: "gated", reason },
    suggestions: [],
  };
  assert.equal(
    explainPage(plain, gated),
    `The scheduler of this pod is mine. These are the rules of default-scheduler.

Pod shop/api may not be placed yet: ${reason}.
`,
  );
});

const score = (node: string, fit: number, locality: number): ScoredNode => ({
  node,
  total: fit + locality,
  byPlugin: { NodeResourcesFit: fit, ImageLocality: locality },
});
const placed: ExplainedPod = {
  pod: "shop/web",
  placement: {
    type: "placed",
    node: "n2",
    refusedNow: [],
    refused: [{ reasons: [taint], nodes: ["gpu"] }],
    feasible: [score("node-number-1", 91, 0), score("n2", 60, 12), score("node-number-3", 10, 0)],
  },
  suggestions: [],
};

test("of a pod on a node it says what that node scores beside others, by plugin", () => {
  assert.equal(
    explainPage(plain, placed),
    `Pod shop/web is on n2. Scores as they would be now, without it:

SCORE              n2   node-number-1   node-number-3
NodeResourcesFit   60   91              10
ImageLocality      12   0               0
TOTAL              72   91              10

Nodes that would not take it:
  1 node (gpu): node(s) had untolerated taint {gpu: yes}
`,
  );
});

test("a narrow terminal has room for fewer nodes, the pod's own first", () => {
  assert.match(
    explainPage({ ...plain, columns: 40 }, placed),
    /SCORE {14}n2 {3}node-number-1\n[\s\S]*TOTAL {14}72 {3}91\n… and 1 more: -o json\n/,
  );
});

test("of a pod whose node would not take it now it says why", () => {
  const refusedNow = ["node(s) were unschedulable"];
  const refused = [{ reasons: [{ reason: "node(s) were unschedulable" }], nodes: ["n2"] }];
  const page = explainPage(plain, {
    ...placed,
    placement: { type: "placed", node: "n2", refusedNow, refused, feasible: [] },
  });
  assert.equal(
    page,
    "Pod shop/web is on n2. It would not take it now: node(s) were unschedulable. Pods that are there stay.\n",
  );
});

test("a pod that has ended, or whose node is not there, is not told to be on it", () => {
  const page = (placement: ExplainedPod["placement"]) =>
    explainPage(plain, { pod: "shop/api", placement, suggestions: [] });
  const rejected = { phase: "Failed", node: "a", reason: "OutOfcpu", message: "Pod was rejected." };
  assert.equal(
    page({ type: "ended", ...rejected }),
    "Pod shop/api failed: OutOfcpu, Pod was rejected. It was on a. A pod that has ended is not placed again.\n",
  );
  assert.equal(
    page({ type: "ended", phase: "Succeeded", node: "a" }),
    "Pod shop/api has done its work. It was on a. A pod that has ended is not placed again.\n",
  );
  assert.match(
    page({ type: "misplaced", node: "gone" }),
    /is bound to gone, and the cluster has no such node/,
  );
});

test("for whom room is kept or made is named", () => {
  const refused = [{ reasons: [cpu], keptFor: ["shop/urgent"], nodes: ["a"] }];
  const page = explainPage(plain, {
    ...unplaced,
    placement: { type: "unplaced", nominatedNode: "b", refused, feasible: [] },
  });
  assert.match(
    page,
    /^Pod shop\/api waits for room that is being made on b\. The only one does not take it:/,
  );
  assert.match(page, /1 node \(a\): Insufficient cpu, with the room that is kept for shop\/urgent\n/);
});
