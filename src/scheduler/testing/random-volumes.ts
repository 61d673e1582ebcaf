import fc from "fast-check";
import type {
  CSINode,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  StorageClass,
  Volume,
} from "#api";
import { nodeLabels, nodeNames } from "./random-node.ts";
import { nodeRequirement } from "./random-selector.ts";
import { absent, few, sparse } from "./sparse.ts";

export const claimNames: readonly string[] = ["c0", "c1", "c2"];
export const volumeNames: readonly string[] = ["v0", "v1", "v2", "v3"];

const zoneLabel = "topology.kubernetes.io/zone";

/** Volumes of the classes are made at once, made late, made late in some zones, only there late. They do not change. */
export const storageClasses: readonly StorageClass[] = [
  { metadata: { name: "now" }, provisioner: "disk.example.com" },
  late("late", "disk.example.com"),
  {
    ...late("zoned", "disk.example.com"),
    allowedTopologies: [{ matchLabelExpressions: [{ key: zoneLabel, values: ["a", "b"] }] }],
  },
  late("by-hand", "kubernetes.io/no-provisioner"),
];

function late(name: string, provisioner: string): StorageClass {
  return { metadata: { name }, provisioner, volumeBindingMode: "WaitForFirstConsumer" };
}

const className = fc.constantFrom("late", "by-hand", "by-hand", "zoned", "now", "");
const size = fc.constantFrom("1Gi", "2Gi", "3Gi");

export function randomClaim(namespaces: readonly string[]): fc.Arbitrary<PersistentVolumeClaim> {
  return fc
    .record({
      name: fc.constantFrom(...claimNames),
      namespace: fc.constantFrom(...namespaces),
      isComplete: fc.nat({ max: 9 }).map((at) => at > 0),
      selected: absent(8, fc.constantFrom(...nodeNames)),
      deletionTimestamp: absent(9, fc.constant("2026-01-01T00:00:00Z")),
      phase: fc.nat({ max: 19 }).map((at) => (at === 0 ? "Lost" : "Pending")),
      spec: sparse<PersistentVolumeClaimSpec>({
        accessModes: fc.constantFrom(
          ["ReadWriteOnce"],
          ["ReadWriteOnce"],
          ["ReadOnlyMany"],
          ["ReadWriteOncePod"],
        ),
        storageClassName: className,
        volumeName: absent(3, fc.constantFrom(...volumeNames)),
        volumeMode: absent(9, fc.constant("Block")),
        resources: size.map((storage) => ({ requests: { storage } })),
      }),
    })
    .map(({ name, namespace, isComplete, selected, deletionTimestamp, phase, spec }) => ({
      metadata: {
        name,
        namespace,
        uid: `${namespace}/${name}`,
        annotations: {
          ...(isComplete && spec.volumeName ? { "pv.kubernetes.io/bind-completed": "yes" } : {}),
          ...(selected === undefined ? {} : { "volume.kubernetes.io/selected-node": selected }),
        },
        ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      },
      spec,
      status: { phase },
    }));
}

export function randomVolume(namespaces: readonly string[]): fc.Arbitrary<PersistentVolume> {
  const claimRef = fc
    .record({
      namespace: fc.constantFrom(...namespaces),
      name: fc.constantFrom(...claimNames),
      uid: fc.constantFrom("own", "none", "other"),
    })
    .map(({ namespace, name, uid }) => ({
      namespace,
      name,
      ...(uid === "none" ? {} : { uid: uid === "own" ? `${namespace}/${name}` : "gone" }),
    }));
  const terms = few(2, fc.record({ matchExpressions: few(1, nodeRequirement(nodeLabels)) }));
  const csi = fc
    .constantFrom("h0", "h1", "h2", "h3")
    .map((volumeHandle) => ({ driver: "disk.example.com", volumeHandle }));
  return fc
    .record({
      name: fc.constantFrom(...volumeNames),
      zone: absent(1, fc.constantFrom("a", "b", "b__c")),
      phase: fc.constantFrom("Available", "Available", "Available", "Released"),
      spec: sparse<PersistentVolumeSpec>({
        accessModes: fc.constantFrom(
          ["ReadWriteOnce"],
          ["ReadWriteOnce", "ReadOnlyMany"],
          ["ReadWriteOncePod"],
        ),
        storageClassName: className,
        capacity: size.map((storage) => ({ storage })),
        volumeMode: absent(9, fc.constant("Block")),
        claimRef: absent(8, claimRef),
        csi: absent(2, csi),
        nodeAffinity: absent(
          7,
          terms.map((nodeSelectorTerms: NodeSelectorTerm[]) => ({ required: { nodeSelectorTerms } })),
        ),
      }),
    })
    .map(({ name, zone, phase, spec }) => ({
      metadata: { name, ...(zone === undefined ? {} : { labels: { [zoneLabel]: zone } }) },
      spec,
      status: { phase },
    }));
}

export const randomCsiNode: fc.Arbitrary<CSINode> = fc
  .record({ name: fc.constantFrom(...nodeNames), count: fc.nat({ max: 1 }) })
  .map(({ name, count }) => ({
    metadata: { name },
    spec: { drivers: [{ name: "disk.example.com", nodeID: name, allocatable: { count } }] },
  }));

/** What a pod brings: claims, the same one twice now and then, and disks that it names itself. */
export const podVolumes: fc.Arbitrary<Volume[]> = few(
  2,
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .constantFrom(...claimNames)
        .map((claimName): Omit<Volume, "name"> => ({ persistentVolumeClaim: { claimName } })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ pdName: fc.constantFrom("d0", "d1"), readOnly: fc.boolean() })
        .map((gcePersistentDisk): Omit<Volume, "name"> => ({ gcePersistentDisk })),
    },
  ),
).map((all) => all.map((volume, at) => ({ name: `d${at}`, ...volume })));
