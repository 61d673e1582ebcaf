import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, Taint, Toleration } from "#api";
import { decide, type NodeWorld } from "./decide.ts";
import { evictionAtMs } from "./eviction.ts";

const nowMs = Date.UTC(2026, 0, 1);
const now = "2026-01-01T00:00:00Z";

function node(ready: string, taints: Taint[] = [], more: Node["spec"] = {}): Node {
  return {
    metadata: { name: "n1" },
    spec: { ...more, taints },
    status: { conditions: [{ type: "Ready", status: ready }] },
  };
}

function pod(tolerations: Toleration[] = [], ready = true): Pod {
  return {
    metadata: { name: "p", namespace: "shop" },
    spec: { containers: [], tolerations },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

function planFor(world: Partial<NodeWorld>) {
  return decide({ node: node("True"), pods: [], heardAtMs: nowMs, hasReadyPeer: true, nowMs, ...world });
}

const unreachable = (effect: string, timeAdded = now): Taint => ({
  key: "node.kubernetes.io/unreachable",
  effect,
  timeAdded,
});

test("a node that is heard keeps its own word, and is looked at when its grace would end", () => {
  const plan = planFor({ heardAtMs: nowMs - 10_000 });
  assert.deepEqual([plan.conditions, plan.taints, plan.unready.length], [undefined, undefined, 0]);
  assert.equal(plan.requeueAfterMs, 30_000);
});

test("a silent node becomes unknown, its pods not ready, and it is tainted", () => {
  const plan = planFor({ heardAtMs: nowMs - 40_000, pods: [pod([{ operator: "Exists" }])] });
  const ready = plan.conditions?.find(({ type }) => type === "Ready");
  assert.equal(ready?.status, "Unknown");
  assert.equal(ready?.reason, "NodeStatusUnknown");
  assert.deepEqual(plan.taints, [unreachable("NoSchedule"), unreachable("NoExecute")]);
  assert.equal(plan.unready.length, 1);
  assert.equal(plan.evict.length, 0);
});

test("when no other node is ready nobody is driven away", () => {
  const plan = planFor({ heardAtMs: nowMs - 40_000, hasReadyPeer: false, pods: [pod()] });
  assert.deepEqual(plan.taints, [unreachable("NoSchedule")]);
  assert.equal(plan.evict.length, 0);
});

test("a node that says it is not ready is tainted so, and a ready one loses those taints but not others", () => {
  const own: Taint = { key: "dedicated", value: "db", effect: "NoSchedule" };
  const down = planFor({ node: node("False", [own]), hasReadyPeer: false });
  assert.deepEqual(
    down.taints?.map(({ key }) => key),
    ["dedicated", "node.kubernetes.io/not-ready"],
  );
  const up = planFor({ node: node("True", [own, unreachable("NoSchedule"), unreachable("NoExecute")]) });
  assert.deepEqual(up.taints, [own]);
});

test("a cordoned node gets its taint, and loses it again", () => {
  const cordoned = planFor({ node: node("True", [], { unschedulable: true }) });
  assert.equal(cordoned.taints?.[0]?.key, "node.kubernetes.io/unschedulable");
  const open = planFor({
    node: node("True", [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]),
  });
  assert.deepEqual(open.taints, []);
});

test("a pod leaves when the first of its tolerations for a taint has run out", () => {
  const taints = [unreachable("NoSchedule"), unreachable("NoExecute")];
  const tolerate = (tolerationSeconds?: number): Toleration => ({
    key: "node.kubernetes.io/unreachable",
    operator: "Exists",
    effect: "NoExecute",
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  assert.equal(evictionAtMs(pod(), taints, nowMs + 5), nowMs + 5);
  assert.equal(evictionAtMs(pod([tolerate()]), taints, nowMs), undefined);
  assert.equal(evictionAtMs(pod([tolerate(300), tolerate(60)]), taints, nowMs), nowMs + 300_000);
  assert.equal(evictionAtMs(pod([tolerate(), tolerate(60)]), taints, nowMs), undefined);
  assert.equal(evictionAtMs(pod([tolerate(0)]), taints, nowMs), nowMs);
  const maintenance: Taint = { key: "maintenance", effect: "NoExecute", timeAdded: now };
  assert.equal(
    evictionAtMs(pod([tolerate()]), [...taints, maintenance], nowMs),
    nowMs,
    "one is not tolerated",
  );
  const briefly: Toleration = { key: "maintenance", operator: "Exists", tolerationSeconds: 5 };
  const both = pod([tolerate(300), briefly]);
  assert.equal(
    evictionAtMs(both, [...taints, maintenance], nowMs),
    nowMs + 5000,
    "the shorter of two taints'",
  );
  assert.equal(evictionAtMs(pod(), [unreachable("NoSchedule")], nowMs), undefined);
});

test("a taint that drives pods away is dated when it is first seen, and their time runs from then", () => {
  const undated: Taint = { key: "maintenance", effect: "NoExecute" };
  const plan = planFor({
    node: node("True", [undated]),
    pods: [pod([{ operator: "Exists", tolerationSeconds: 20 }])],
  });
  assert.deepEqual(plan.taints, [{ ...undated, timeAdded: now }]);
  assert.deepEqual([plan.evict.length, plan.requeueAfterMs], [0, 20_000]);
});

test("a pod that came to a node long after its taint has its whole time there", () => {
  const late: Pod = {
    ...pod([{ operator: "Exists", tolerationSeconds: 60 }]),
    status: { conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: now }] },
  };
  const taint = unreachable("NoExecute", "2025-12-31T23:00:00Z");
  assert.equal(evictionAtMs(late, [taint], nowMs + 1000), nowMs + 60_000);
});

test("the next look is when the first tolerance runs out", () => {
  const tolerations = [{ operator: "Exists", tolerationSeconds: 300 }];
  const world = {
    node: { ...node("Unknown", [unreachable("NoSchedule"), unreachable("NoExecute")]) },
    heardAtMs: nowMs - 100_000,
    pods: [pod(tolerations)],
  };
  assert.equal(planFor(world).requeueAfterMs, 300_000);
  const later = planFor({ ...world, nowMs: nowMs + 300_000 });
  assert.equal(later.evict.length, 1);
});
