import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "#api";
import { decideGrowth, decideProvisioning, decideRemoval } from "./decide.ts";

const local: StorageClass = {
  metadata: { name: "local" },
  provisioner: "nacre.dev/local-directory",
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
};

const node = {
  metadata: {
    name: "n1",
    labels: { "kubernetes.io/hostname": "host-1" },
    annotations: { "nacre.dev/volume-directory": "/data/volumes" },
  },
};

const asked = { "volume.kubernetes.io/storage-provisioner": "nacre.dev/local-directory" };
const selected = { ...asked, "volume.kubernetes.io/selected-node": "n1" };

function claim(spec: object = {}, annotations: Record<string, string> = selected): PersistentVolumeClaim {
  return {
    metadata: { name: "disk", namespace: "shop", uid: "c1", annotations },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local",
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  };
}

const decided = (wanted: PersistentVolumeClaim, world: object = {}) =>
  decideProvisioning({ claim: wanted, storageClass: local, node, ...world });

test("a volume is a directory on the selected node, for the claim alone", () => {
  const step = decided(claim());
  assert.ok(step?.type === "create");
  const { metadata, spec } = step.volume;
  assert.equal(metadata?.name, "pvc-c1");
  assert.deepEqual(metadata?.labels, { "nacre.dev/node": "n1" });
  assert.deepEqual(metadata?.finalizers, ["nacre.dev/local-directory"]);
  assert.deepEqual(spec?.local, { path: "/data/volumes/pvc-c1" });
  assert.deepEqual(spec?.nodeAffinity?.required?.nodeSelectorTerms, [
    { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["host-1"] }] },
  ]);
  assert.equal(spec?.claimRef?.uid, "c1");
  assert.deepEqual(spec?.capacity, { storage: "1Gi" });
  assert.equal(spec?.persistentVolumeReclaimPolicy, "Delete");
});

test("nothing is made before a node is selected, for others' claims, or for one that has its volume", () => {
  assert.equal(decided(claim({}, asked)), undefined);
  assert.equal(decided(claim({}, {})), undefined);
  assert.equal(decided(claim({ volumeName: "v" })), undefined);
});

test("a node that is gone or keeps no volumes is given back to the scheduler", () => {
  for (const [found, why] of [
    [undefined, 'node "n1" not found'],
    [{ metadata: { name: "n1" } }, 'node "n1" keeps no volumes'],
  ] as const) {
    const step = decided(claim(), { node: found });
    assert.ok(step?.type === "reschedule");
    assert.equal(step.note.message, `failed to provision volume with StorageClass "local": ${why}`);
  }
});

test("what a directory cannot be is refused in words", () => {
  const why = (spec: object, storageClass = local) => {
    const step = decided(claim(spec), { storageClass });
    return step?.type === "refuse" ? step.note.message.split(": ").slice(1).join(": ") : step?.type;
  };
  assert.match(String(why({ accessModes: ["ReadWriteMany"] })), /access mode ReadWriteMany is not supported/);
  assert.match(String(why({ volumeMode: "Block" })), /volumeMode Block is not supported/);
  assert.match(String(why({ selector: {} })), /Selector is not supported/);
  assert.match(
    String(why({ dataSource: { kind: "VolumeSnapshot", name: "s" } })),
    /dataSource is not supported/,
  );
  assert.match(String(why({}, { ...local, volumeBindingMode: "Immediate" })), /WaitForFirstConsumer/);
});

test("a released volume is deleted, and let go of when its node is gone", () => {
  const volume = (phase: string, metadata: object = {}): PersistentVolume => ({
    metadata: {
      annotations: { "pv.kubernetes.io/provisioned-by": "nacre.dev/local-directory" },
      finalizers: ["nacre.dev/local-directory"],
      ...metadata,
    },
    spec: { persistentVolumeReclaimPolicy: "Delete" },
    status: { phase },
  });
  const there = { isNodeThere: true };
  assert.equal(decideRemoval(volume("Released"), there), "delete");
  assert.equal(decideRemoval(volume("Bound"), there), "nothing");
  assert.equal(decideRemoval(volume("Released", { annotations: {} }), there), "nothing");
  const going = volume("Released", { deletionTimestamp: "x" });
  assert.equal(decideRemoval(going, there), "nothing");
  assert.equal(decideRemoval(going, { isNodeThere: false }), "letGo");
  const kept = { ...volume("Released"), spec: { persistentVolumeReclaimPolicy: "Retain" } };
  assert.equal(decideRemoval(kept, there), "nothing");
});

test("a bound claim that asks for more has it at once", () => {
  const volume: PersistentVolume = {
    metadata: { annotations: { "pv.kubernetes.io/provisioned-by": "nacre.dev/local-directory" } },
    spec: { capacity: { storage: "1Gi" }, claimRef: { uid: "c1" } },
  };
  const sized = (storage: string) => ({
    ...claim({ resources: { requests: { storage } } }),
    status: { phase: "Bound" },
  });
  assert.equal(decideGrowth(sized("2Gi"), volume), "2Gi");
  assert.equal(decideGrowth(sized("1Gi"), volume), undefined);
  assert.equal(decideGrowth({ ...sized("2Gi"), status: { phase: "Pending" } }, volume), undefined);
  assert.equal(decideGrowth(sized("2Gi"), { ...volume, metadata: {} }), undefined);
});
