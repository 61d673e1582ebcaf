import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from "#api";
import { decide, type StatefulSetPlan } from "./decide.ts";
import { newPod, ordinalOf } from "./identity.ts";

const nowMs = Date.UTC(2026, 0, 1);
const agoMs = (ms: number) => `${new Date(nowMs - ms).toISOString().slice(0, 19)}Z`;

type Spec = NonNullable<StatefulSet["spec"]>;

function setOf(replicas: number, more: Partial<Spec> = {}): StatefulSet {
  return {
    metadata: { name: "db", namespace: "shop", uid: "set", generation: 4 },
    spec: {
      replicas,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: { metadata: { labels: { app: "db" } }, spec: { containers: [] } },
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      ...more,
    },
  };
}

const rolling = (rollingUpdate: object): Partial<Spec> => ({
  updateStrategy: { type: "RollingUpdate", rollingUpdate },
});

function revision(name: string): ControllerRevision {
  const template = { metadata: { labels: { app: "db" } }, spec: { containers: [] }, $patch: "replace" };
  return { metadata: { name }, revision: 1, data: { spec: { template } } };
}

const [before, after] = [revision("old"), revision("new")];

interface PodTraits {
  of?: "old" | "new";
  state?: "pending" | "unready" | "ready" | "failed" | "ended";
  leaving?: boolean;
  readyForMs?: number;
}

function pod(set: StatefulSet, ordinal: number, traits: PodTraits = {}): Pod {
  const { of = "new", state = "ready", leaving = false, readyForMs = 60_000 } = traits;
  const made = newPod(set, ordinal, of === "new" ? after : before);
  const phases = {
    pending: "Pending",
    unready: "Running",
    ready: "Running",
    failed: "Failed",
    ended: "Succeeded",
  };
  const ready = state === "ready" ? "True" : "False";
  return {
    ...made,
    metadata: {
      ...made.metadata,
      uid: `pod-${ordinal}`,
      ...(leaving ? { deletionTimestamp: agoMs(0) } : {}),
    },
    status: {
      phase: phases[state],
      conditions: [{ type: "Ready", status: ready, lastTransitionTime: agoMs(readyForMs) }],
    },
  };
}

function decideOn(
  set: StatefulSet,
  candidates: readonly Pod[],
  { revisions = { current: before, update: after }, claims = [] as readonly PersistentVolumeClaim[] } = {},
): StatefulSetPlan {
  const claimNamed = (name: string) => claims.find(({ metadata }) => metadata?.name === name);
  return decide({ set, candidates, revisions, claimNamed, nowMs });
}

const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata?.name);
const removed = ({ remove }: StatefulSetPlan) =>
  remove.map(({ pod: { metadata }, cause }) => `${metadata?.name} ${cause}`);

test("pods are made one after the other, each when the one before is available", () => {
  const set = setOf(3);
  assert.deepEqual(names(decideOn(set, []).create), ["db-0"]);
  assert.deepEqual(names(decideOn(set, [pod(set, 0, { state: "unready" })]).create), []);
  assert.deepEqual(names(decideOn(set, [pod(set, 0)]).create), ["db-1"]);
  assert.deepEqual(names(decideOn(set, [pod(set, 0), pod(set, 2)]).create), ["db-1"]);
  const parallel = setOf(3, { podManagementPolicy: "Parallel" });
  assert.deepEqual(names(decideOn(parallel, [pod(set, 1, { state: "pending" })]).create), ["db-0", "db-2"]);
});

test("a pod is known by its name: host name, subdomain, labels and claims follow", () => {
  const set = setOf(1, {
    ordinals: { start: 5 },
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"] } }],
  });
  const { create, createClaims } = decideOn(set, []);
  const [made] = create;
  assert.equal(made?.metadata?.name, "db-5");
  assert.deepEqual([made?.spec?.hostname, made?.spec?.subdomain], ["db-5", "db"]);
  assert.deepEqual(made?.metadata?.labels, {
    app: "db",
    "statefulset.kubernetes.io/pod-name": "db-5",
    "apps.kubernetes.io/pod-index": "5",
    "controller-revision-hash": "new",
  });
  assert.deepEqual(made?.spec?.volumes, [
    { name: "data", persistentVolumeClaim: { claimName: "data-db-5", readOnly: false } },
  ]);
  assert.deepEqual(createClaims[0]?.metadata, {
    name: "data-db-5",
    namespace: "shop",
    labels: { app: "db" },
  });
});

test("a name is not given again while its pod leaves, or a claim of the pod before still goes", () => {
  const set = setOf(1, { volumeClaimTemplates: [{ metadata: { name: "data" } }] });
  assert.deepEqual(decideOn(set, [pod(set, 0, { leaving: true })]).create, []);
  const gone = { apiVersion: "v1", kind: "Pod", name: "db-0", uid: "earlier" };
  const stale = { metadata: { name: "data-db-0", ownerReferences: [gone] } };
  assert.deepEqual(decideOn(set, [], { claims: [stale] }).create, []);
});

test("what has ended is deleted, and comes back under its name", () => {
  const set = setOf(2);
  assert.deepEqual(removed(decideOn(set, [pod(set, 0, { state: "failed" })])), ["db-0 failed"]);
  assert.deepEqual(removed(decideOn(set, [pod(set, 0, { state: "ended" })])), ["db-0 ended"]);
});

test("a set shrinks from its end, one at a time, and not while a lower pod is not available", () => {
  const set = setOf(1);
  const three = [0, 1, 2].map((ordinal) => pod(set, ordinal));
  assert.deepEqual(removed(decideOn(set, three)), ["db-2 surplus"]);
  const leaving = [pod(set, 0), pod(set, 1), pod(set, 2, { leaving: true })];
  assert.deepEqual(removed(decideOn(set, leaving)), []);
  const broken = [pod(set, 0, { state: "unready" }), pod(set, 1), pod(set, 2)];
  assert.deepEqual(removed(decideOn(set, broken)), []);
  const parallel = setOf(1, { podManagementPolicy: "Parallel" });
  assert.deepEqual(removed(decideOn(parallel, broken)), ["db-2 surplus", "db-1 surplus"]);
});

test("an update goes from the highest ordinal down, and waits for each to be available", () => {
  const set = setOf(3, { minReadySeconds: 10 });
  const old = (ordinal: number) => pod(set, ordinal, { of: "old" });
  assert.deepEqual(removed(decideOn(set, [old(0), old(1), old(2)])), ["db-2 outdated"]);
  const fresh = pod(set, 2, { readyForMs: 4000 });
  const waiting = decideOn(set, [old(0), old(1), fresh]);
  assert.deepEqual(removed(waiting), []);
  assert.equal(waiting.requeueAfterMs, 6000);
  assert.deepEqual(removed(decideOn(set, [old(0), old(1), pod(set, 2)])), ["db-1 outdated"]);
});

test("below the partition nothing is updated, and what is missing there comes back as it was", () => {
  const set = setOf(3, rolling({ partition: 2 }));
  const old = (ordinal: number) => pod(set, ordinal, { of: "old" });
  assert.deepEqual(removed(decideOn(set, [old(0), old(1), old(2)])), ["db-2 outdated"]);
  assert.deepEqual(removed(decideOn(set, [old(0), old(1), pod(set, 2)])), []);
  const [back] = decideOn(set, [old(0), pod(set, 2)]).create;
  assert.equal(back?.metadata?.labels?.["controller-revision-hash"], "old");
});

test("several may be updated at a time; one that is down anyway costs nothing", () => {
  const set = setOf(4, { podManagementPolicy: "Parallel", ...rolling({ maxUnavailable: "50%" }) });
  const old = (ordinal: number, state: PodTraits["state"] = "ready") =>
    pod(set, ordinal, { of: "old", state });
  assert.deepEqual(
    removed(
      decideOn(
        set,
        [0, 1, 2, 3].map((ordinal) => old(ordinal)),
      ),
    ),
    ["db-3 outdated", "db-2 outdated"],
  );
  const one = { ...set, spec: { ...(set.spec as Spec), ...rolling({}) } };
  const broken = [old(0, "unready"), old(1), old(2), old(3)];
  assert.deepEqual(removed(decideOn(one, broken)), ["db-0 outdated"]);
});

test("with OnDelete a pod is updated when somebody deletes it", () => {
  const set = setOf(1, { updateStrategy: { type: "OnDelete" } });
  assert.deepEqual(removed(decideOn(set, [pod(set, 0, { of: "old" })])), []);
  assert.equal(decideOn(set, []).create[0]?.metadata?.labels?.["controller-revision-hash"], "new");
});

test("the wanted revision is the current one when all pods are of it and ready", () => {
  const set = setOf(2);
  const halfway = decideOn(set, [pod(set, 0, { of: "old" }), pod(set, 1)]).status;
  assert.deepEqual(
    [halfway.currentRevision, halfway.updateRevision, halfway.currentReplicas, halfway.updatedReplicas],
    ["old", "new", 1, 1],
  );
  const done = decideOn(set, [pod(set, 0), pod(set, 1)]).status;
  assert.deepEqual([done.currentRevision, done.currentReplicas, done.readyReplicas], ["new", 2, 2]);
});

test("claims belong to the set, to the pod that goes, or to nobody, as the retention policy says", () => {
  const claims = [0, 1].map(
    (ordinal): PersistentVolumeClaim => ({ metadata: { name: `data-db-${ordinal}` } }),
  );
  const owners = (whenDeleted: string, whenScaled: string) => {
    const set = setOf(1, {
      volumeClaimTemplates: [{ metadata: { name: "data" } }],
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
    });
    const { own } = decideOn(set, [pod(set, 0), pod(set, 1)], { claims });
    return own.map((one) => `${one.claim.metadata?.name} ${one.add.map(({ name }) => name).join()}`);
  };
  assert.deepEqual(owners("Retain", "Retain"), []);
  assert.deepEqual(owners("Delete", "Retain"), ["data-db-0 db", "data-db-1 db"]);
  assert.deepEqual(owners("Retain", "Delete"), ["data-db-1 db-1"]);
  assert.deepEqual(owners("Delete", "Delete"), ["data-db-0 db", "data-db-1 db-1"]);
});

test("an orphan of the right name is adopted and labelled, one of a strange name is left alone", () => {
  const set = setOf(1);
  const orphan: Pod = { metadata: { name: "db-0", labels: { app: "db" } }, status: { phase: "Running" } };
  const stranger: Pod = { metadata: { name: "db-x", labels: { app: "db" } } };
  const plan = decideOn(set, [orphan, stranger]);
  assert.deepEqual(names(plan.claim.adopt), ["db-0"]);
  assert.equal(plan.relabel[0]?.labels["apps.kubernetes.io/pod-index"], "0");
});

test("a set that is being deleted changes nothing", () => {
  const set = setOf(2);
  set.metadata = { ...set.metadata, deletionTimestamp: agoMs(0) };
  const plan = decideOn(set, [pod(set, 0, { state: "failed" })]);
  assert.deepEqual([plan.create, plan.remove, plan.status.replicas], [[], [], 1]);
});

const traits = fc.record({
  ordinal: fc.integer({ min: 0, max: 7 }),
  of: fc.constantFrom("old" as const, "new" as const),
  state: fc.constantFrom(
    "pending" as const,
    "unready" as const,
    "ready" as const,
    "failed" as const,
    "ended" as const,
  ),
  leaving: fc.boolean(),
});
const sets = fc.record({
  replicas: fc.integer({ min: 0, max: 6 }),
  start: fc.integer({ min: 0, max: 2 }),
  policy: fc.constantFrom("OrderedReady", "Parallel"),
  partition: fc.integer({ min: 0, max: 3 }),
  maxUnavailable: fc.integer({ min: 1, max: 3 }),
});
type Shape = typeof sets extends fc.Arbitrary<infer S> ? S : never;

function shaped({ replicas, start, policy, partition, maxUnavailable }: Shape): StatefulSet {
  return setOf(replicas, {
    ordinals: { start },
    podManagementPolicy: policy,
    ...rolling({ partition, maxUnavailable }),
  });
}

function podsOf(set: StatefulSet, many: readonly (PodTraits & { ordinal: number })[]): Pod[] {
  const byName = new Map(many.map((one) => [one.ordinal, pod(set, one.ordinal, one)]));
  return [...byName.values()];
}

test("no plan ever makes a second pod of a name, nor in order more than one step", () => {
  fc.assert(
    fc.property(sets, fc.array(traits, { maxLength: 8 }), (shape, many) => {
      const set = shaped(shape);
      const there = podsOf(set, many);
      const plan = decideOn(set, there);
      const all = [...names(there), ...names(plan.create)];
      assert.equal(new Set(all).size, all.length);
      if (shape.policy === "OrderedReady")
        assert.ok(plan.create.length + plan.remove.length <= shape.maxUnavailable);
      assert.ok(plan.remove.every((one) => one.pod.metadata?.deletionTimestamp === undefined));
    }),
  );
});

test("an update never takes down more available pods than it may", () => {
  fc.assert(
    fc.property(sets, fc.array(traits, { maxLength: 8 }), (shape, many) => {
      const set = shaped(shape);
      const there = podsOf(set, many);
      const wanted = (one: Pod) => {
        const ordinal = ordinalOf(set, one.metadata?.name) ?? -1;
        return ordinal >= shape.start && ordinal < shape.start + shape.replicas;
      };
      const isUp = (one: Pod) =>
        one.status?.conditions?.[0]?.status === "True" && !one.metadata?.deletionTimestamp && wanted(one);
      const up = there.filter(isUp).length;
      const taken = decideOn(set, there).remove.filter(
        ({ pod: one, cause }) => cause === "outdated" && isUp(one),
      );
      assert.ok(taken.length === 0 || up - taken.length >= shape.replicas - shape.maxUnavailable);
    }),
  );
});

test("followed step by step, every set comes to rest with exactly its pods, of the right revisions", () => {
  fc.assert(
    fc.property(sets, fc.array(traits, { maxLength: 8 }), (shape, many) => {
      const set = shaped(shape);
      let there = podsOf(set, many);
      for (let step = 0; step < 60; step++) {
        const plan = decideOn(set, there);
        // The nodes do what they are told: what leaves is gone, what is new becomes ready.
        const leaving = new Set(plan.remove.map((one) => one.pod));
        const isRestless = plan.create.length + plan.remove.length > 0 || there.some((one) => !isGood(one));
        there = [
          ...there.filter((one) => !leaving.has(one) && !one.metadata?.deletionTimestamp),
          ...plan.create,
        ];
        there = there.map((one) => (isEnded(one) ? one : grownUp(set, one)));
        if (!isRestless) break;
      }
      const expected = Array.from({ length: shape.replicas }, (_, at) => `db-${shape.start + at}`);
      assert.deepEqual(names(there).sort(), expected.sort());
      for (const one of there) {
        const at = (ordinalOf(set, one.metadata?.name) ?? 0) - shape.start;
        if (at >= shape.partition) assert.equal(one.metadata?.labels?.["controller-revision-hash"], "new");
      }
    }),
  );
});

const isEnded = (one: Pod) => one.status?.phase === "Failed" || one.status?.phase === "Succeeded";
const isGood = (one: Pod) =>
  one.status?.conditions?.[0]?.status === "True" && !one.metadata?.deletionTimestamp;

function grownUp(set: StatefulSet, one: Pod): Pod {
  const of = one.metadata?.labels?.["controller-revision-hash"] === "old" ? "old" : "new";
  return pod(set, ordinalOf(set, one.metadata?.name) ?? 0, { of });
}
