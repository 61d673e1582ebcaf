import type { Machine, NodeIdentity } from "#agent";
import { kubernetesVersion, simulatedRuntime } from "#api";
import { limits } from "../limits.ts";

/** What a simulated node is, as its owner bought it. */
export interface NodeShape {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  /** How many pods may run on it; as many as on a real node where nobody says. */
  readonly pods?: number;
  /** Extended resources and huge pages: `nvidia.com/gpu`. */
  readonly extended?: Readonly<Record<string, number>>;
  /** What of it pods may ask for, in the units of `ResourceAmounts`; of what is not named here, all. */
  readonly allocatable?: Readonly<Record<string, number>>;
  /** `topology.kubernetes.io/zone`, which is also what is lost together. */
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `10.244.7.0/24` */
  readonly podRange: string;
}

/** The shape as the real agent's registration wants to know it. */
export function identityOf({ name, zone, labels, podRange }: NodeShape): NodeIdentity {
  return {
    name,
    addresses: [addressIn(podRange, 1)],
    podRange,
    labels: { ...labels, ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }) },
    version: kubernetesVersion.gitVersion,
    runtimeVersion: simulatedRuntime,
    port: 10250,
    volumeDirectory,
  };
}

/** All that it has, in the units of `ResourceAmounts`. */
export function capacityOf(shape: NodeShape): Record<string, number> {
  const { cpuMilli, memoryBytes, storageBytes, pods = limits.podsPerNode, extended } = shape;
  return { ...extended, cpu: cpuMilli, memory: memoryBytes, "ephemeral-storage": storageBytes, pods };
}

/** What pods may ask of it, in the units of `ResourceAmounts`. */
export function offerOf(shape: NodeShape): Record<string, number> {
  return { ...capacityOf(shape), ...shape.allocatable };
}

/** Where its volumes are said to be. Nothing is ever there. */
export const volumeDirectory = "/var/lib/nacre/volumes";

/** The machine; `boot` counts how often it was started. */
export function machineOf(shape: NodeShape, boot: number): Machine {
  const { name, cpuMilli, memoryBytes, storageBytes, allocatable = {} } = shape;
  const id = name.padStart(32, "0");
  return {
    cpuMilli,
    memoryBytes,
    storageBytes,
    allocatable: {
      cpuMilli: allocatable.cpu ?? cpuMilli,
      memoryBytes: allocatable.memory ?? memoryBytes,
      storageBytes: allocatable["ephemeral-storage"] ?? storageBytes,
    },
    hostname: name,
    machineId: id,
    systemUuid: id,
    bootId: `${name}-${boot}`,
    kernelVersion: "6.18.0-simulated",
    osImage: "simulated",
    architecture: "amd64",
  };
}

/** The address `index` of a range: `10.244.7.0/24`, or a larger or smaller one. */
export function addressIn(podRange: string, index: number): string {
  const [base = ""] = podRange.split("/", 1);
  const number = base.split(".").reduce((all, part) => all * 256 + Number(part), 0) + index;
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
}

/** How many pods have an address of their own in a range: its first address, the node's and the last are nobody's. */
export function addressesIn(podRange: string): number {
  return Math.max(0, 2 ** (32 - Number(podRange.split("/")[1])) - 3);
}
