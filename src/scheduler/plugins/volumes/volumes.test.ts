import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isDefaultClassAnnotation,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
  type Volume,
} from "#api";
import { must, seededRandom } from "#base";
import { Cluster } from "../../framework/cluster.ts";
import { Placer } from "../../framework/place.ts";
import { explainRefusals } from "../../framework/refusals.ts";
import { defaultProfile } from "../registry.ts";
import { volumeBinding } from "./volume-binding.ts";
import { volumeRestrictions } from "./volume-restrictions.ts";

let made = 0;

/** A cluster of nodes n1, n2, … of two zones, and what may be in it. */
function newCluster(nodes = 2) {
  const cluster = new Cluster();
  for (let at = 1; at <= nodes; at += 1) {
    const labels = { "kubernetes.io/hostname": `n${at}`, "topology.kubernetes.io/zone": at % 2 ? "a" : "b" };
    const allocatable = { cpu: "4", memory: "8Gi", pods: "110" };
    cluster.setNode({ metadata: { name: `n${at}`, labels }, status: { allocatable } });
  }
  const { listers } = cluster;
  const resourceVersion = () => String(++made);
  listers.storageClasses.set(late("late", "example.com/disk"));
  listers.storageClasses.set(late("by-hand", "kubernetes.io/no-provisioner"));
  return {
    cluster,
    claim(name: string, spec: object = {}, more: object = {}) {
      const claim: PersistentVolumeClaim = {
        metadata: { name, namespace: "shop", uid: name, resourceVersion: resourceVersion(), ...more },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: "late",
          resources: { requests: { storage: "1Gi" } },
          ...spec,
        },
      };
      listers.persistentVolumeClaims.set(claim);
      return claim;
    },
    volume(name: string, spec: object = {}, labels: Record<string, string> = {}) {
      const volume: PersistentVolume = {
        metadata: { name, labels, resourceVersion: resourceVersion() },
        spec: {
          accessModes: ["ReadWriteOnce"],
          capacity: { storage: "1Gi" },
          storageClassName: "by-hand",
          ...spec,
        },
        status: { phase: "Available" },
      };
      listers.persistentVolumes.set(volume);
      return volume;
    },
    /** Where a pod goes, or why nowhere. */
    place(pod: Pod): string {
      const placement = new Placer(defaultProfile, cluster, seededRandom(1)).place(cluster.factsOf(pod));
      return placement.type === "placed" ? placement.nodeName : explainRefusals(placement.refusals);
    },
    /** Decides and reserves, as the scheduler does. */
    take(pod: Pod): string {
      const facts = cluster.factsOf(pod);
      const placement = new Placer(defaultProfile, cluster, seededRandom(1)).place(facts);
      assert.ok(placement.type === "placed");
      cluster.assume(facts, placement.node);
      volumeBinding.reserve?.({ facts, nodeName: placement.nodeName, cluster });
      return placement.nodeName;
    },
  };
}

function late(name: string, provisioner: string, more: object = {}): StorageClass {
  return { metadata: { name }, provisioner, volumeBindingMode: "WaitForFirstConsumer", ...more };
}

function pod(name: string, claims: readonly string[], volumes: readonly Volume[] = []): Pod {
  return {
    metadata: { name, namespace: "shop", uid: name },
    spec: {
      containers: [{ name: "c" }],
      volumes: [
        ...claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
        ...volumes,
      ],
    },
  };
}

const on = (name: string) => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [name] }] },
      ],
    },
  },
});

const bound = { annotations: { "pv.kubernetes.io/bind-completed": "yes" } };

test("a pod goes where its volume is", () => {
  const { claim, volume, place } = newCluster(3);
  claim("disk", { volumeName: "v" }, bound);
  volume("v", on("n2"));
  assert.equal(place(pod("web", ["disk"])), "n2");
  claim("far", { volumeName: "w" }, bound);
  volume("w", on("n9"));
  assert.equal(
    place(pod("web", ["far"])),
    "0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity.",
  );
});

test("a claim that cannot be used yet is named, whatever the nodes", () => {
  const { claim, place } = newCluster();
  const why = (name: string) => place(pod("web", [name])).replace("0/2 nodes are available: ", "");
  assert.equal(why("absent"), 'persistentvolumeclaim "absent" not found.');
  claim("going", {}, { deletionTimestamp: "x" });
  assert.equal(why("going"), 'persistentvolumeclaim "going" is being deleted.');
  claim("now", { storageClassName: "" });
  assert.equal(why("now"), "pod has unbound immediate PersistentVolumeClaims.");
  claim("gone", { volumeName: "v" }, bound);
  assert.equal(why("gone"), "2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).");
});

test("a claim that waits for a pod gets a volume that is there, or one that can be made", () => {
  const { cluster, claim, volume, place } = newCluster(3);
  claim("made");
  assert.match(place(pod("web", ["made"])), /^n/);
  claim("disk", { storageClassName: "by-hand" });
  assert.equal(
    place(pod("web", ["disk"])),
    "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.",
  );
  volume("v", on("n3"));
  assert.equal(place(pod("web", ["disk"])), "n3");
  claim("other", { storageClassName: "by-hand" });
  assert.match(place(pod("both", ["disk", "other"])), /didn't find available persistent volumes to bind/);
  volume("w", on("n3"));
  assert.equal(place(pod("both", ["disk", "other"])), "n3");
  const allowedTopologies = [
    { matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["b"] }] },
  ];
  cluster.listers.storageClasses.set(late("zoned", "example.com/disk", { allowedTopologies }));
  claim("zoned", { storageClassName: "zoned" });
  assert.equal(place(pod("web", ["zoned"])), "n2");
});

test("a volume is promised once, and given back when the pod comes to nothing", () => {
  const { cluster, claim, volume, take, place } = newCluster();
  claim("a", { storageClassName: "by-hand" });
  claim("b", { storageClassName: "by-hand" });
  volume("v", on("n1"));
  assert.equal(take(pod("one", ["a"])), "n1");
  assert.match(place(pod("two", ["b"])), /didn't find available persistent volumes to bind/);
  const facts = must(cluster.pod("one"), "it was placed");
  volumeBinding.unreserve?.({ facts, nodeName: "n1", cluster });
  assert.equal(place(pod("two", ["b"])), "n1");
});

test("pods that share a claim go to the same node, before anything is written", () => {
  const { claim, take, place } = newCluster(10);
  claim("shared");
  const first = take(pod("one", ["shared"]));
  for (const name of ["two", "three"]) assert.equal(place(pod(name, ["shared"])), first);
});

test("a node that was selected for a claim stays so", () => {
  const { claim, place } = newCluster(5);
  claim("disk", {}, { annotations: { "volume.kubernetes.io/selected-node": "n4" } });
  assert.equal(place(pod("web", ["disk"])), "n4");
});

test("what a ranking has read of claims and volumes does not outlive them", () => {
  const { cluster, claim, volume } = newCluster();
  const placer = new Placer(defaultProfile, cluster, seededRandom(1));
  const facts = cluster.factsOf(pod("web", ["disk"]));
  claim("disk", { storageClassName: "by-hand" });
  assert.equal(placer.place(facts).type, "unschedulable");
  volume("v", on("n2"));
  const placement = placer.place(facts);
  assert.equal(placement.type === "placed" && placement.nodeName, "n2");
});

test("a volume of a zone is used there, and anywhere on nodes that say nothing of zones", () => {
  const { cluster, claim, volume, place } = newCluster();
  claim("disk", { volumeName: "v" }, bound);
  volume("v", {}, { "topology.kubernetes.io/zone": "b__c" });
  assert.equal(place(pod("web", ["disk"])), "n2");
  claim("far", { volumeName: "w" }, bound);
  volume("w", {}, { "failure-domain.beta.kubernetes.io/zone": "z" });
  assert.equal(
    place(pod("web", ["far"])),
    "0/2 nodes are available: 2 node(s) had no available volume zone.",
  );
  cluster.setNode({
    metadata: { name: "plain" },
    status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } },
  });
  assert.equal(place(pod("web", ["far"])), "plain");
});

test("a claim of mode ReadWriteOncePod has one pod, on whichever node", () => {
  const { cluster, claim, volume, take, place } = newCluster();
  claim("mine", { volumeName: "v", accessModes: ["ReadWriteOncePod"] }, bound);
  volume("v");
  take(pod("one", ["mine"]));
  assert.equal(
    place(pod("two", ["mine"])),
    "0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.",
  );
  cluster.removePod("one");
  assert.match(place(pod("two", ["mine"])), /^n/);
});

test("a disk that cannot be mounted twice is on a node once", () => {
  const { take, place } = newCluster(1);
  const disk = (readOnly: boolean) => [{ name: "d", gcePersistentDisk: { pdName: "disk", readOnly } }];
  take(pod("one", [], disk(true)));
  assert.equal(place(pod("two", [], disk(true))), "n1");
  assert.equal(
    place(pod("three", [], disk(false))),
    "0/1 nodes are available: 1 node(s) had no available disk.",
  );
});

test("a node takes as many volumes of a driver as it says", () => {
  const { cluster, claim, volume, take, place } = newCluster(1);
  const spec = { drivers: [{ name: "disk.example.com", nodeID: "n1", allocatable: { count: 2 } }] };
  cluster.listers.csiNodes.set({ metadata: { name: "n1" }, spec });
  for (const name of ["a", "b", "c"]) {
    claim(name, { volumeName: name }, bound);
    volume(name, { csi: { driver: "disk.example.com", volumeHandle: name } });
  }
  take(pod("one", ["a", "b"]));
  assert.equal(place(pod("two", ["c"])), "0/1 nodes are available: 1 node(s) exceed max volume count.");
  assert.equal(place(pod("same", ["a"])), "n1", "it is there already");
});

test("a pod is woken by what may help it, and by nothing else", () => {
  const { cluster, claim, volume } = newCluster();
  const { shape } = cluster.factsOf(pod("web", ["disk"]));
  const changed = (resource: string, object: object) =>
    volumeBinding.mayHelp?.({ type: "object-changed", resource, object }, shape, cluster);
  const mine = claim("disk");
  assert.ok(changed("persistentvolumeclaims", mine));
  assert.ok(!changed("persistentvolumeclaims", claim("other")));
  assert.ok(!changed("persistentvolumeclaims", { metadata: { name: "disk", namespace: "bank" } }));
  assert.ok(changed("persistentvolumes", volume("free")));
  assert.ok(
    !changed("persistentvolumes", volume("theirs", { claimRef: { namespace: "bank", name: "disk" } })),
  );
  claim("named", { volumeName: "theirs" });
  const { shape: named } = cluster.factsOf(pod("named", ["named"]));
  const theirs = { type: "object-changed", resource: "persistentvolumes", object: volume("theirs") } as const;
  assert.ok(volumeBinding.mayHelp?.(theirs, named, cluster));
  assert.ok(changed("storageclasses", { metadata: { name: "late" } }));
  assert.ok(
    !changed("storageclasses", {
      metadata: { name: "fast", annotations: { [isDefaultClassAnnotation]: "true" } },
    }),
  );
  const { shape: plain } = cluster.factsOf(pod("plain", []));
  assert.ok(!volumeBinding.mayHelp?.({ type: "node-added", node: {} }, plain, cluster));
});

test("a pod whose disk is taken on every node waits for another node, too; one that has no disk does not", () => {
  const { cluster } = newCluster();
  const disk = { name: "d0", gcePersistentDisk: { pdName: "d0" } };
  const added = { type: "node-added", node: {} } as const;
  const withDisk = cluster.factsOf({
    metadata: { name: "db", namespace: "shop", uid: "db" },
    spec: { containers: [], volumes: [disk] },
  });
  assert.ok(volumeRestrictions.mayHelp?.(added, withDisk.shape, cluster));
  assert.ok(!volumeRestrictions.mayHelp?.(added, cluster.factsOf(pod("plain", [])).shape, cluster));
});
