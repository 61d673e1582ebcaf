import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "#api";
import { type ClaimWorld, decideClaim } from "./decide-claim.ts";
import { decideVolume } from "./decide-volume.ts";
import { boundStatus, unboundStatus, volumeStatus, withVolume } from "./statuses.ts";

function claim(spec: object = {}, annotations: Record<string, string> = {}): PersistentVolumeClaim {
  return {
    metadata: { name: "disk", namespace: "shop", uid: "c1", annotations },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "",
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  };
}

function volume(
  spec: object = {},
  phase = "Available",
  annotations: Record<string, string> = {},
): PersistentVolume {
  return {
    metadata: { name: "v", annotations },
    spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, ...spec },
    status: { phase },
  };
}

const late: StorageClass = {
  metadata: { name: "late" },
  provisioner: "example.com/disk",
  volumeBindingMode: "WaitForFirstConsumer",
};

function step(wanted: PersistentVolumeClaim, world: Partial<ClaimWorld> = {}) {
  return decideClaim({
    claim: wanted,
    named: undefined,
    candidates: [],
    taken: new Set(),
    storageClass: undefined,
    defaultClass: undefined,
    waitingPods: [],
    ...world,
  });
}

const noted = (taken: ReturnType<typeof step>) => ("note" in taken ? taken.note : undefined);
const own = { kind: "PersistentVolumeClaim", namespace: "shop", name: "disk", uid: "c1" };
const bound = { "pv.kubernetes.io/bind-completed": "yes" };

test("a claim gets a volume that fits, or says that there is none", () => {
  const fitting = volume();
  assert.deepEqual(step(claim(), { candidates: [fitting] }), { type: "bind", volume: fitting });
  assert.deepEqual(step(claim(), { candidates: [fitting], taken: new Set(["v"]) }), {
    type: "wait",
    note: {
      type: "Normal",
      reason: "FailedBinding",
      message: "no persistent volumes available for this claim and no storage class is set",
    },
  });
});

test("a claim whose class waits for a pod waits, and then asks the provisioner", () => {
  const wanted = claim({ storageClassName: "late" });
  const free = volume({ storageClassName: "late" });
  assert.deepEqual(noted(step(wanted, { storageClass: late, candidates: [free] })), {
    type: "Normal",
    reason: "WaitForFirstConsumer",
    message: "waiting for first consumer to be created before binding",
  });
  assert.equal(
    noted(step(wanted, { storageClass: late, waitingPods: ["a", "b"] }))?.message,
    "waiting for pods a,b to be scheduled",
  );
  const selected = claim({ storageClassName: "late" }, { "volume.kubernetes.io/selected-node": "n1" });
  const asked = step(selected, { storageClass: late });
  assert.ok(asked.type === "provision" && asked.provisioner === "example.com/disk");
  const kept = volume({ storageClassName: "late", claimRef: own });
  assert.deepEqual(step(wanted, { storageClass: late, candidates: [kept] }), { type: "bind", volume: kept });
});

test("a class that is not there, or that nobody provisions, is named", () => {
  const wanted = claim({ storageClassName: "fast" });
  assert.deepEqual(noted(step(wanted)), {
    type: "Warning",
    reason: "ProvisioningFailed",
    message: 'storageclass.storage.k8s.io "fast" not found',
  });
  const none = { metadata: { name: "fast" }, provisioner: "kubernetes.io/no-provisioner" };
  assert.equal(
    noted(step(wanted, { storageClass: none }))?.message,
    "no volume plugin matched name: kubernetes.io/no-provisioner",
  );
});

test("a claim that named no class gets the default one later, one that named none does not", () => {
  const silent = claim({ storageClassName: undefined });
  assert.deepEqual(step(silent, { defaultClass: "late" }), { type: "useClass", name: "late" });
  assert.equal(step(claim(), { defaultClass: "late" }).type, "wait");
});

test("a claim that names a volume gets that one or none", () => {
  const wanted = claim({ volumeName: "v" });
  assert.deepEqual(step(wanted), { type: "wait" });
  assert.equal(step(wanted, { named: volume() }).type, "bind");
  assert.deepEqual(noted(step(wanted, { named: volume({ capacity: { storage: "1Mi" } }) })), {
    type: "Warning",
    reason: "VolumeMismatch",
    message: 'Cannot bind to requested volume "v": requested PV is too small',
  });
  const foreign = volume({ claimRef: { ...own, name: "other" } }, "Bound");
  assert.equal(
    noted(step(wanted, { named: foreign }))?.message,
    'volume "v" already bound to a different claim.',
  );
});

test("a claim that has lost its volume is lost", () => {
  const had = claim({ volumeName: "v" }, bound);
  assert.equal(step(had, { named: volume({ claimRef: own }, "Bound") }).type, "bind");
  assert.deepEqual(step(had), {
    type: "lose",
    note: {
      type: "Warning",
      reason: "ClaimLost",
      message: "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
    },
  });
  const other = volume({ claimRef: { ...own, uid: "c0" } }, "Bound");
  assert.equal(noted(step(had, { named: other }))?.reason, "ClaimMisbound");
  assert.equal(noted(step(claim({}, bound)))?.reason, "ClaimLost");
});

test("a volume is free, bound, released or failed by what its claim is", () => {
  const phaseOf = (...args: Parameters<typeof decideVolume>) => {
    const taken = decideVolume(...args);
    return taken.type === "phase" ? taken.phase : taken.type;
  };
  const mine = volume({ claimRef: own });
  assert.equal(phaseOf(volume(), undefined), "Available");
  assert.equal(phaseOf(volume({ claimRef: { namespace: "shop", name: "disk" } }), claim()), "Available");
  assert.equal(phaseOf(mine, claim({ volumeName: "v" })), "Bound");
  assert.equal(phaseOf(mine, claim()), "nothing");
  assert.equal(phaseOf(mine, claim({ volumeName: "w" })), "release");
  assert.equal(phaseOf(mine, claim({ volumeMode: "Block" })), "mismatch");
  assert.equal(phaseOf(volume({ claimRef: own }, "Bound"), undefined), "Released");
});

test("a released volume is kept, or left to who made it; what nobody can remove has failed", () => {
  const released = (policy: string, annotations = {}) =>
    decideVolume(
      volume({ claimRef: own, persistentVolumeReclaimPolicy: policy }, "Released", annotations),
      undefined,
    );
  assert.deepEqual(released("Retain"), { type: "nothing" });
  assert.deepEqual(released("Delete", { "pv.kubernetes.io/provisioned-by": "p" }), { type: "nothing" });
  assert.deepEqual(released("Delete"), {
    type: "phase",
    phase: "Failed",
    note: {
      type: "Warning",
      reason: "VolumeFailedDelete",
      message: 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
    },
  });
  const recycled = released("Recycle");
  assert.ok(
    recycled.type === "phase" && recycled.note?.message === "No recycler plugin found for the volume!",
  );
});

test("binding writes what is missing, and nothing once all is there", () => {
  const named = withVolume(claim(), volume());
  assert.equal(named?.spec?.volumeName, "v");
  assert.deepEqual(named?.metadata?.annotations, {
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
  });
  assert.equal(named && withVolume(named, volume()), undefined);
  const prebound = withVolume(claim({ volumeName: "v" }), volume());
  assert.deepEqual(prebound?.metadata?.annotations, bound);
  const status = boundStatus(claim(), volume());
  assert.deepEqual(status, { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } });
  assert.deepEqual(
    boundStatus({ ...claim(), status }, volume({ capacity: { storage: "9Gi" } })).capacity,
    { storage: "1Gi" },
    "a claim that has grown, or is to, keeps the capacity that was settled",
  );
  assert.deepEqual(unboundStatus({ ...claim(), status }, "Lost"), { phase: "Lost" });
  const since = volumeStatus(volume(), "Bound", { note: undefined, now: "t1" });
  assert.deepEqual(since, { phase: "Bound", lastPhaseTransitionTime: "t1" });
});
