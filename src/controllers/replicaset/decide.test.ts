import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod, ReplicaSet } from "#api";
import { decide } from "./decide.ts";

const nowMs = Date.UTC(2026, 0, 1);

function replicaSet(replicas: number, more: Partial<ReplicaSet["spec"]> = {}): ReplicaSet {
  return {
    metadata: { name: "web", namespace: "shop", uid: "rs1", generation: 2 },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [] } },
      ...more,
    },
  };
}

interface PodTraits {
  owner?: string;
  app?: string;
  node?: string;
  ready?: boolean;
  phase?: string;
  leaving?: boolean;
  ageMs?: number;
}

function pod(name: string, traits: PodTraits = {}): Pod {
  const {
    owner,
    app = "web",
    node,
    ready = false,
    phase = node ? "Running" : "Pending",
    leaving,
    ageMs = 0,
  } = traits;
  const since = new Date(nowMs - ageMs).toISOString();
  const reference = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "web",
    uid: owner ?? "",
    controller: true,
  };
  return {
    metadata: {
      name,
      namespace: "shop",
      uid: name,
      labels: { app },
      creationTimestamp: since,
      ...(owner ? { ownerReferences: [reference] } : {}),
      ...(leaving ? { deletionTimestamp: since } : {}),
    },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: since }],
    },
  };
}

function decideOn(set: ReplicaSet, candidates: Pod[]) {
  return decide({ replicaSet: set, candidates, siblingsOn: () => 0, nowMs });
}

const names = (pods: readonly Pod[]) => pods.map((one) => one.metadata?.name);

test("it creates what is missing and counts neither ended nor leaving pods", () => {
  const plan = decideOn(replicaSet(3), [
    pod("runs", { owner: "rs1", node: "n1", ready: true }),
    pod("ended", { owner: "rs1", phase: "Failed" }),
    pod("leaves", { owner: "rs1", leaving: true }),
  ]);
  assert.equal(plan.create, 2);
  assert.equal(plan.status.replicas, 1);
  assert.equal(plan.status.terminatingReplicas, 1);
  assert.equal(plan.status.observedGeneration, 2);
});

test("it adopts orphans that match, releases its own that do not, and leaves others' alone", () => {
  const plan = decideOn(replicaSet(1), [
    pod("orphan"),
    pod("relabelled", { owner: "rs1", app: "other" }),
    pod("foreign", { owner: "rs2" }),
    pod("stranger", { app: "other" }),
  ]);
  assert.deepEqual(names(plan.claim.adopt), ["orphan"]);
  assert.deepEqual(names(plan.claim.release), ["relabelled"]);
  assert.equal(plan.create, 0);
});

test("unscheduled pods go first, then those that are not ready, then the youngest", () => {
  const pods = [
    pod("old", { owner: "rs1", node: "n1", ready: true, ageMs: 1_000_000 }),
    pod("young", { owner: "rs1", node: "n1", ready: true, ageMs: 1000 }),
    pod("unready", { owner: "rs1", node: "n1" }),
    pod("unscheduled", { owner: "rs1" }),
  ];
  assert.deepEqual(names(decideOn(replicaSet(1), pods).remove), ["unscheduled", "unready", "young"]);
});

test("a pod becomes available after minReadySeconds, and the set looks again then", () => {
  const plan = decideOn(replicaSet(1, { minReadySeconds: 10 }), [
    pod("fresh", { owner: "rs1", node: "n1", ready: true, ageMs: 4000 }),
  ]);
  assert.equal(plan.status.readyReplicas, 1);
  assert.equal(plan.status.availableReplicas, 0);
  assert.equal(plan.requeueAfterMs, 6000);
});

test("a set that is being deleted neither creates, deletes nor adopts", () => {
  const leaving = replicaSet(5);
  leaving.metadata = { ...leaving.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  const plan = decideOn(leaving, [pod("orphan"), pod("own", { owner: "rs1" })]);
  assert.deepEqual([plan.create, plan.remove.length, plan.claim.adopt.length], [0, 0, 0]);
});

test("done as planned, exactly the wanted number of pods is left", () => {
  const traits = fc.record({
    owner: fc.constantFrom(undefined, "rs1", "rs2"),
    app: fc.constantFrom("web", "other"),
    node: fc.constantFrom(undefined, "n1"),
    ready: fc.boolean(),
    leaving: fc.boolean(),
    phase: fc.constantFrom("Pending", "Running", "Failed"),
  });
  fc.assert(
    fc.property(fc.array(traits, { maxLength: 20 }), fc.integer({ min: 0, max: 15 }), (many, replicas) => {
      const pods = many.map((one, index) => pod(`p${index}`, one as PodTraits));
      const plan = decideOn(replicaSet(replicas), pods);
      const active = plan.claim.owned.filter(
        (one) => !one.metadata?.deletionTimestamp && one.status?.phase !== "Failed",
      );
      assert.equal(active.length + plan.create - plan.remove.length, replicas);
      assert.ok(plan.remove.every((one) => active.includes(one)));
      assert.ok(plan.create === 0 || plan.remove.length === 0);
    }),
  );
});
