import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatusCause } from "#base";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../generated/types.ts";
import { cloneJson } from "../json.ts";
import { persistentVolumeKind } from "./persistent-volume.ts";
import { persistentVolumeClaimKind } from "./persistent-volume-claim.ts";
import { csiNodeKind, storageClassKind } from "./storage.ts";

function claim(spec: object = {}, status: object = { phase: "Pending" }): PersistentVolumeClaim {
  const object: PersistentVolumeClaim = {
    metadata: { name: "disk", namespace: "shop", uid: "u" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  };
  persistentVolumeClaimKind.defaults(object);
  persistentVolumeClaimKind.prepareForCreate(object);
  object.status = status;
  return object;
}

function volume(spec: object = {}): PersistentVolume {
  const object: PersistentVolume = {
    metadata: { name: "v", uid: "u" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      hostPath: { path: "/data" },
      ...spec,
    },
  };
  persistentVolumeKind.defaults(object);
  return object;
}

test("a volume whose reclaim policy is empty is retained", () => {
  assert.equal(volume({ persistentVolumeReclaimPolicy: "" }).spec?.persistentVolumeReclaimPolicy, "Retain");
});

const said = (causes: readonly StatusCause[]) => causes.map(({ field, message }) => `${field}: ${message}`);

const claimComplaints = (spec: object) => said(persistentVolumeClaimKind.validateCreate(claim(spec)));
const volumeComplaints = (spec: object) => said(persistentVolumeKind.validateCreate(volume(spec)));

/** What changing the claim's spec is answered with. */
function changed(old: PersistentVolumeClaim, change: object): string[] {
  const next = cloneJson(old);
  next.metadata = { ...next.metadata, resourceVersion: "1" };
  Object.assign(next.spec ?? {}, change);
  return said(persistentVolumeClaimKind.validateUpdate(next, old));
}

const size = (storage: string) => ({ resources: { requests: { storage } } });

const immutable =
  "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

test("what is wrong with a claim is named by its field", () => {
  assert.deepEqual(claimComplaints({}), []);
  assert.deepEqual(claimComplaints({ accessModes: [] }), [
    "spec.accessModes: Required value: at least 1 access mode is required",
  ]);
  assert.deepEqual(claimComplaints({ accessModes: ["Any"] }), [
    'spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
  ]);
  assert.deepEqual(claimComplaints({ accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] }), [
    "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
  ]);
  assert.deepEqual(claimComplaints({ resources: {} }), ["spec.resources[storage]: Required value"]);
  assert.deepEqual(claimComplaints(size("0")), [
    'spec.resources[storage]: Invalid value: "0": must be greater than zero',
  ]);
  assert.deepEqual(claimComplaints({ volumeMode: "Tape" }), [
    'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
  ]);
});

test("a claim stays as it is, but may get its volume and, when it named none, its class", () => {
  const old = claim();
  assert.deepEqual(changed(old, {}), []);
  assert.deepEqual(changed(old, { volumeName: "v", storageClassName: "fast" }), []);
  assert.deepEqual(changed(old, { accessModes: ["ReadOnlyMany"] }), [immutable]);
  assert.deepEqual(changed(claim({ volumeName: "v" }), { volumeName: "w" }), [immutable]);
  assert.deepEqual(changed(claim({ storageClassName: "fast" }), { storageClassName: "slow" }), [immutable]);
});

test("only a bound claim grows, and it never shrinks below what there is", () => {
  assert.deepEqual(changed(claim(), size("2Gi")), [immutable]);
  const bound = claim({ volumeName: "v", ...size("2Gi") }, { phase: "Bound", capacity: { storage: "1Gi" } });
  assert.deepEqual(changed(bound, size("3Gi")), []);
  assert.deepEqual(changed(bound, size("1536Mi")), []);
  assert.deepEqual(changed(bound, size("1Gi")), [
    "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
  ]);
});

test("a volume has one place where its data lie, which never changes", () => {
  assert.deepEqual(volumeComplaints({}), []);
  assert.deepEqual(volumeComplaints({ hostPath: undefined }), [
    "spec: Required value: must specify a volume type",
  ]);
  assert.deepEqual(volumeComplaints({ nfs: { server: "s", path: "/" } }), [
    "spec.nfs: Forbidden: may not specify more than 1 volume type",
  ]);
  assert.deepEqual(volumeComplaints({ hostPath: { path: "/a/../b" } }), [
    "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
  ]);
  const old = volume();
  const moved = volume({ hostPath: { path: "/other" }, volumeMode: "Block" });
  moved.metadata = { ...moved.metadata, resourceVersion: "1" };
  assert.deepEqual(said(persistentVolumeKind.validateUpdate(moved, old)), [
    "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
    'spec.volumeMode: Invalid value: "Block": field is immutable',
  ]);
});

test("a local volume says on which node it is", () => {
  const local = { hostPath: undefined, local: { path: "/data" } };
  assert.deepEqual(volumeComplaints(local), [
    "spec.nodeAffinity: Required value: Local volume requires node affinity",
  ]);
  const term = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1"] }] };
  const nodeAffinity = { required: { nodeSelectorTerms: [term] } };
  assert.deepEqual(volumeComplaints({ ...local, nodeAffinity }), []);
  const old = volume({ ...local, nodeAffinity });
  const free = volume({ ...local, nodeAffinity: { required: { nodeSelectorTerms: [term, term] } } });
  free.metadata = { ...free.metadata, resourceVersion: "1" };
  assert.deepEqual(
    persistentVolumeKind.validateUpdate(free, old).map(({ field }) => field),
    ["spec.nodeAffinity"],
  );
});

test("a class says when its volumes are made and what becomes of them, once and for all", () => {
  const fast: StorageClass = { metadata: { name: "fast", uid: "u" }, provisioner: "example.com/disk" };
  storageClassKind.defaults(fast);
  assert.deepEqual([fast.reclaimPolicy, fast.volumeBindingMode], ["Delete", "Immediate"]);
  assert.deepEqual(said(storageClassKind.validateCreate(fast)), []);
  const odd = { ...fast, reclaimPolicy: "Recycle", volumeBindingMode: "Never" };
  assert.deepEqual(said(storageClassKind.validateCreate(odd)), [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
  ]);
  const kept = { ...fast, metadata: { ...fast.metadata, resourceVersion: "1" }, reclaimPolicy: "Retain" };
  assert.deepEqual(said(storageClassKind.validateUpdate(kept, fast)), [
    "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
  ]);
});

test("the drivers of a node are named once", () => {
  const driver = { name: "disk.example.com", nodeID: "n1", allocatable: { count: -1 } };
  const node = { metadata: { name: "n1" }, spec: { drivers: [driver, { ...driver, nodeID: "" }] } };
  assert.deepEqual(
    csiNodeKind.validateCreate(node).map(({ field }) => field),
    [
      "spec.drivers[0].allocatable.count",
      "spec.drivers[1].name",
      "spec.drivers[1].nodeID",
      "spec.drivers[1].allocatable.count",
    ],
  );
});
