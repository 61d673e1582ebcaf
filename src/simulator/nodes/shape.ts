import type { Machine, NodeIdentity } from "#agent";
import { kubernetesVersion, simulatedRuntime } from "#api";

/** What a simulated node is, as its owner bought it. */
export interface NodeShape {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  /** Extended resources: `nvidia.com/gpu`. */
  readonly extended?: Readonly<Record<string, number>>;
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

/** Where its volumes are said to be. Nothing is ever there. */
export const volumeDirectory = "/var/lib/nacre/volumes";

/** The machine; `boot` counts how often it was started. */
export function machineOf(shape: NodeShape, boot: number): Machine {
  const { name, cpuMilli, memoryBytes, storageBytes } = shape;
  const id = name.padStart(32, "0");
  return {
    cpuMilli,
    memoryBytes,
    storageBytes,
    allocatable: { cpuMilli, memoryBytes, storageBytes },
    hostname: name,
    machineId: id,
    systemUuid: id,
    bootId: `${name}-${boot}`,
    kernelVersion: "6.18.0-simulated",
    osImage: "simulated",
    architecture: "amd64",
  };
}

/** The address `index` of a range `a.b.c.0/24`. */
export function addressIn(podRange: string, index: number): string {
  return podRange.replace(/\d+\/\d+$/, String(index));
}
