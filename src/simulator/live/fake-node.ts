import { amountsOf, fakeNodeKey, fakeNodeTaint, fakePodRange, localRootAnnotation, type Node } from "#api";
import { limits } from "../limits.ts";
import { addressesIn, type NodeShape, volumeDirectory } from "../nodes/shape.ts";

/** The object by which a cluster gets its fake node number `index`, from 0 on. Pure. */
export function fakeNode(index: number): Node {
  const name = `fake-${index}`;
  const zone = zones[index % zones.length] ?? "";
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        [fakeNodeKey]: "true",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": "fake",
        [zoneKey]: zone,
      },
      annotations: { [localRootAnnotation]: volumeDirectory },
    },
    spec: { podCIDR: podRangeOf(index), podCIDRs: [podRangeOf(index)], taints: [fakeNodeTaint] },
  };
}

/** What a fake node looks like: what its object says of it, and the rest as that of a usual machine. Pure. */
export function shapeOf({ metadata, spec, status }: Node): NodeShape {
  const { name = "", labels = {} } = metadata ?? {};
  const allocatable = amountsOf(status?.allocatable);
  const all = { ...usual, ...allocatable, ...amountsOf(status?.capacity) };
  const { cpu, memory, "ephemeral-storage": storage, pods, ...extended } = all;
  const podRange = ipv4Range.test(spec?.podCIDR ?? "") ? spec?.podCIDR : undefined;
  const range = podRange ?? podRangeOf(rangesOfIndexes + (hashOf(name) % rangesOfIndexes));
  const zone = labels[zoneKey];
  return {
    name,
    cpuMilli: cpu,
    memoryBytes: memory,
    storageBytes: storage,
    pods,
    podRange: range,
    extended,
    // A pod has an address of its own, wherever it runs.
    allocatable: { ...allocatable, pods: Math.min(allocatable.pods ?? pods, addressesIn(range)) },
    ...(zone === undefined ? {} : { zone }),
  };
}

const zoneKey = "topology.kubernetes.io/zone";
const zones = ["fake-a", "fake-b", "fake-c"];
const gibibyte = 2 ** 30;

/** In the units of `ResourceAmounts`. */
const usual = {
  cpu: 32_000,
  memory: 128 * gibibyte,
  "ephemeral-storage": 512 * gibibyte,
  pods: limits.podsPerNode,
};

const ipv4Range = /^\d+\.\d+\.\d+\.\d+\/\d+$/;

/** The first half of the ranges goes by number, the second to nodes that somebody else made and gave none. */
const rangesOfIndexes = 32_768;

/** A part of `fakePodRange` for each node: `240.0.7.0/24`. */
function podRangeOf(index: number): string {
  return `${fakePodRange.split(".", 1)}.${index >> 8}.${index & 255}.0/24`;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
