import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../generated/types.ts";
import { boundByController } from "./annotations.ts";
import { isVolumeOf, withClaim, withoutClaim } from "./bound.ts";
import { fittingVolumes, isUsableOn, mismatchOf } from "./match.ts";
import { defaultClass, isDefaultClassAnnotation } from "./storage-class.ts";

function claim(spec: object = {}): PersistentVolumeClaim {
  return {
    metadata: { name: "disk", namespace: "shop", uid: "c1" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } }, ...spec },
  };
}

function volume(name: string, spec: object = {}, more: object = {}): PersistentVolume {
  return {
    metadata: { name, ...more },
    spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "4Gi" }, ...spec },
    status: { phase: "Available" },
  };
}

const onNode = (name: string) => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: "host", operator: "In", values: [name] }] }],
    },
  },
});

const found = (wanted: PersistentVolumeClaim, volumes: PersistentVolume[]) => {
  const { kept, free } = fittingVolumes(wanted, volumes);
  return (kept ?? free[0])?.metadata?.name;
};

test("a claim gets the smallest volume that is large enough and can do no more than needed", () => {
  const sizes = [
    volume("huge", { capacity: { storage: "1Ti" } }),
    volume("small", { capacity: { storage: "1Gi" } }),
    volume("b"),
    volume("a"),
  ];
  assert.equal(found(claim(), sizes), "a");
  const able = volume("able", {
    accessModes: ["ReadWriteOnce", "ReadOnlyMany"],
    capacity: { storage: "2Gi" },
  });
  assert.equal(found(claim(), [able, volume("plain")]), "plain");
  assert.equal(found(claim({ accessModes: ["ReadOnlyMany"] }), [able, volume("plain")]), "able");
});

test("class, mode, labels and phase must be as the claim wants them", () => {
  assert.equal(found(claim({ storageClassName: "fast" }), [volume("plain")]), undefined);
  assert.equal(found(claim(), [volume("fast", { storageClassName: "fast" })]), undefined);
  assert.equal(found(claim({ volumeMode: "Block" }), [volume("files")]), undefined);
  const gold = volume("gold", {}, { labels: { tier: "gold" } });
  const selector = { matchLabels: { tier: "gold" } };
  assert.equal(found(claim({ selector }), [volume("plain"), gold]), "gold");
  assert.equal(found(claim(), [{ ...volume("released"), status: { phase: "Released" } }]), undefined);
  assert.equal(found(claim(), [volume("going", {}, { deletionTimestamp: "x" })]), undefined);
});

test("a volume that is kept for the claim comes first, and is nobody else's", () => {
  const kept = volume("kept", {
    capacity: { storage: "1Ti" },
    claimRef: { namespace: "shop", name: "disk" },
  });
  assert.equal(found(claim(), [volume("a"), kept]), "kept");
  assert.deepEqual(fittingVolumes(claim(), [volume("a"), kept]), { kept, free: [] });
  const foreign = volume("kept", { claimRef: { namespace: "shop", name: "disk", uid: "c0" } });
  assert.equal(found(claim(), [foreign]), undefined);
});

test("a volume can be used on the nodes that its affinity means, or on all", () => {
  const here = volume("here", onNode("n1"));
  assert.ok(isUsableOn(here, { name: "n1", labels: { host: "n1" } }));
  assert.ok(!isUsableOn(here, { name: "n2", labels: { host: "n2" } }));
  assert.ok(isUsableOn(volume("anywhere"), { name: "n2", labels: {} }));
});

test("why a volume cannot be the claim's is said in Kubernetes' words", () => {
  assert.equal(mismatchOf(volume("v"), claim()), undefined);
  assert.equal(
    mismatchOf(volume("v", { capacity: { storage: "1Gi" } }), claim()),
    "requested PV is too small",
  );
  assert.equal(
    mismatchOf(volume("v", { storageClassName: "x" }), claim()),
    "storageClassName does not match",
  );
  assert.equal(mismatchOf(volume("v", { volumeMode: "Block" }), claim()), "incompatible volumeMode");
  assert.equal(
    mismatchOf(volume("v", { accessModes: ["ReadOnlyMany"] }), claim()),
    "incompatible accessMode",
  );
});

test("a binding that comes to nothing leaves the volume as it was before", () => {
  const chosen = withClaim(volume("v"), claim());
  assert.ok(chosen && isVolumeOf(chosen, claim()));
  assert.equal(chosen.metadata?.annotations?.[boundByController], "yes");
  assert.equal(chosen.spec?.claimRef?.uid, "c1");
  assert.equal(withClaim(chosen, claim()), undefined);
  assert.equal(withoutClaim(chosen).spec?.claimRef, undefined);
  const kept = withClaim(volume("v", { claimRef: { namespace: "shop", name: "disk" } }), claim());
  assert.equal(kept?.metadata?.annotations?.[boundByController], undefined);
  assert.deepEqual(kept && withoutClaim(kept).spec?.claimRef, {
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    namespace: "shop",
    name: "disk",
  });
});

test("of several default classes the youngest is the default", () => {
  const storageClass = (name: string, creationTimestamp: string, isDefault: string): StorageClass => ({
    metadata: { name, creationTimestamp, annotations: { [isDefaultClassAnnotation]: isDefault } },
    provisioner: "p",
  });
  const old = storageClass("old", "2026-01-01T00:00:00Z", "true");
  const young = storageClass("young", "2026-02-01T00:00:00Z", "true");
  const not = storageClass("not", "2026-03-01T00:00:00Z", "false");
  assert.equal(defaultClass([old, young, not]), young);
  assert.equal(defaultClass([not]), undefined);
});
