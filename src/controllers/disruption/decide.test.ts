import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KubernetesObject, OwnerReference, Pod, PodDisruptionBudget } from "#api";
import { decide } from "./decide.ts";

const nowMs = Date.UTC(2026, 0, 1);
const agoMs = (ms: number) => `${new Date(nowMs - ms).toISOString().slice(0, 19)}Z`;

function budget(
  spec: NonNullable<PodDisruptionBudget["spec"]>,
  status: NonNullable<PodDisruptionBudget["status"]> = {},
): PodDisruptionBudget {
  return { metadata: { name: "web", namespace: "shop", generation: 3 }, spec, status };
}

interface PodTraits {
  ready?: boolean;
  leaving?: boolean;
  owner?: string | undefined;
}

function pod(name: string, { ready = true, leaving = false, owner = "rs" }: PodTraits = {}): Pod {
  return {
    metadata: {
      name,
      namespace: "shop",
      ...(owner ? { ownerReferences: [reference("ReplicaSet", owner)] } : {}),
      ...(leaving ? { deletionTimestamp: agoMs(0) } : {}),
    },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

function reference(kind: string, uid: string): OwnerReference {
  return { apiVersion: "apps/v1", kind, name: uid, uid, controller: true };
}

type Owner = KubernetesObject & { spec?: { replicas?: number } };

/** A replica set `rs` of a deployment, and one `lone` of nobody. */
const owners: Readonly<Record<string, Owner>> = {
  rs: {
    metadata: { name: "rs", uid: "rs", ownerReferences: [reference("Deployment", "d")] },
    spec: { replicas: 2 },
  },
  d: { metadata: { name: "d", uid: "d" }, spec: { replicas: 4 } },
  lone: { metadata: { name: "lone", uid: "lone" }, spec: { replicas: 10 } },
};

function decideOn(one: PodDisruptionBudget, pods: readonly Pod[], atMs = nowMs) {
  const knownForMs = (_pod: string, since: string) => atMs - Date.parse(since);
  return decide({ budget: one, pods, findOwner: ({ uid }) => owners[uid], knownForMs, nowMs: atMs });
}

const four = ["a", "b", "c", "d"].map((name) => pod(name));

test("what may go is what is healthy beyond what must stay", () => {
  const { status } = decideOn(budget({ minAvailable: 3 }), four);
  const { conditions, ...counts } = status;
  assert.deepEqual(counts, {
    observedGeneration: 3,
    expectedPods: 4,
    desiredHealthy: 3,
    currentHealthy: 4,
    disruptionsAllowed: 1,
  });
  assert.deepEqual(
    conditions?.map(({ type, status: is, reason }) => [type, is, reason]),
    [["DisruptionAllowed", "True", "SufficientPods"]],
  );
});

test("shares and what may be missing are of what the owners ask for, a deployment's sets together, parts rounded up", () => {
  assert.equal(decideOn(budget({ minAvailable: "60%" }), four).status.desiredHealthy, 3);
  assert.equal(decideOn(budget({ maxUnavailable: 1 }), four).status.desiredHealthy, 3);
  assert.equal(decideOn(budget({ maxUnavailable: "30%" }), four).status.desiredHealthy, 2);
  assert.equal(decideOn(budget({ maxUnavailable: "100%" }), four).status.desiredHealthy, 0);
  const two = [...four, pod("e", { owner: "lone" })];
  assert.equal(decideOn(budget({ maxUnavailable: 1 }), two).status.expectedPods, 14);
});

test("pods that leave, are not ready, or were just allowed to go are not healthy", () => {
  const pods = [...four.slice(0, 2), pod("unready", { ready: false }), pod("leaves", { leaving: true })];
  const one = budget({ minAvailable: 1 }, { disruptedPods: { a: agoMs(30_000), gone: agoMs(1000) } });
  const plan = decideOn(one, pods);
  assert.equal(plan.status.currentHealthy, 1);
  assert.equal(plan.status.disruptionsAllowed, 0);
  assert.deepEqual(plan.status.disruptedPods, { a: agoMs(30_000) });
  assert.equal(plan.requeueAfterMs, 90_000);
});

test("an eviction that nothing came of is forgotten after two minutes, and told", () => {
  const plan = decideOn(budget({ minAvailable: 1 }, { disruptedPods: { a: agoMs(120_000) } }), four);
  assert.equal(plan.status.disruptedPods, undefined);
  assert.equal(plan.status.currentHealthy, 4);
  assert.deepEqual(
    plan.notDeleted.map(({ metadata }) => metadata?.name),
    ["a"],
  );
});

test("a budget without pods allows nothing: they may be on their way", () => {
  assert.equal(decideOn(budget({ minAvailable: 0 }), []).status.disruptionsAllowed, 0);
  assert.equal(decideOn(budget({ maxUnavailable: 5 }), []).status.disruptionsAllowed, 0);
});

test("pods of nobody count with a number that must stay, and are named otherwise", () => {
  const lone = [pod("x", { owner: "" })];
  assert.equal(decideOn(budget({ minAvailable: 0 }), lone).status.disruptionsAllowed, 1);
  const plan = decideOn(budget({ maxUnavailable: 1 }), lone);
  assert.equal(plan.status.disruptionsAllowed, 0);
  assert.equal(plan.unmanaged.length, 1);
});

test("when an owner cannot be asked nothing may go, and the budget says why until it can", () => {
  const before = { disruptionsAllowed: 2, expectedPods: 3, observedGeneration: 2 };
  const plan = decideOn(budget({ maxUnavailable: 1 }, before), [pod("x", { owner: "strange" })]);
  assert.equal(plan.failure, 'found no controllers for pod "x"');
  assert.deepEqual([plan.status.disruptionsAllowed, plan.status.expectedPods], [0, 3]);
  assert.equal(plan.status.conditions?.[0]?.reason, "SyncFailed");
  const after = decideOn(budget({ maxUnavailable: 1 }, plan.status), four);
  assert.equal(after.status.conditions?.[0]?.reason, "SufficientPods");
});

test("evicting all that is allowed never leaves fewer healthy pods than must be", () => {
  const limit = fc.oneof(
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 0, max: 100 }).map((share) => `${share}%`),
  );
  const spec = fc.oneof(
    limit.map((minAvailable) => ({ minAvailable })),
    limit.map((maxUnavailable) => ({ maxUnavailable })),
  );
  const traits = fc.record({
    ready: fc.boolean(),
    leaving: fc.boolean(),
    owner: fc.constantFrom("rs", "lone"),
  });
  fc.assert(
    fc.property(spec, fc.array(traits, { maxLength: 12 }), (limits, many) => {
      const pods = many.map((one, at) => pod(`p${at}`, one));
      const { status } = decideOn(budget(limits), pods);
      const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status;
      assert.ok(disruptionsAllowed >= 0);
      if (disruptionsAllowed > 0) assert.ok(currentHealthy - disruptionsAllowed >= desiredHealthy);
      // What was decided is decided again, to the letter.
      const again = decideOn({ ...budget(limits), status }, pods, nowMs + 60_000);
      assert.deepEqual(again.status, status);
    }),
  );
});
