import { localRootAnnotation, type Node, type NodeCondition, type NodeStatus } from "#api";
import type { Image } from "#runtime";
import { limits } from "../limits.ts";
import { rfc3339 } from "../status/time.ts";
import type { Machine } from "./machine.ts";

export interface NodeIdentity {
  readonly name: string;
  readonly addresses: readonly string[];
  /** `10.244.0.0/24` */
  readonly podRange: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  /** `runc://1.1.5` */
  readonly runtimeVersion: string;
  /** Below it lie the directories that volumes of the built-in class are. */
  readonly volumeDirectory: string;
  /** Where `/healthz` and the streams would be served; over the tunnel, so a number for show. */
  readonly port: number;
}

/** The node's labels: who it is, and what its user adds. */
export function nodeLabels(identity: NodeIdentity, machine: Machine): Record<string, string> {
  return {
    "kubernetes.io/hostname": identity.name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": machine.architecture,
    "beta.kubernetes.io/os": "linux",
    "beta.kubernetes.io/arch": machine.architecture,
    ...identity.labels,
  };
}

/** The object with which a node registers. Pure. */
export function nodeObject(identity: NodeIdentity, machine: Machine): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: identity.name,
      labels: nodeLabels(identity, machine),
      // Whoever makes volumes goes by it.
      annotations: { [localRootAnnotation]: identity.volumeDirectory },
    },
    spec: { podCIDR: identity.podRange, podCIDRs: [identity.podRange] },
  };
}

/** What the node can hold, and what of it pods may ask for: as quantities. */
export function nodeResources(machine: Machine): Pick<Required<NodeStatus>, "capacity" | "allocatable"> {
  const list = (cpuMilli: number, memoryBytes: number, storageBytes: number) => ({
    cpu: cpuMilli % 1000 === 0 ? String(cpuMilli / 1000) : `${cpuMilli}m`,
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor(storageBytes / 1024)}Ki`,
    pods: String(limits.pods),
  });
  const { allocatable } = machine;
  return {
    capacity: list(machine.cpuMilli, machine.memoryBytes, machine.storageBytes),
    allocatable: list(allocatable.cpuMilli, allocatable.memoryBytes, allocatable.storageBytes),
  };
}

/** The node's status without its conditions. Pure. */
export function nodeStatus(identity: NodeIdentity, machine: Machine, images: readonly Image[]): NodeStatus {
  return {
    ...nodeResources(machine),
    addresses: [
      ...identity.addresses.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: identity.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: identity.port } },
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: identity.runtimeVersion,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: identity.version,
      machineID: machine.machineId,
      operatingSystem: "linux",
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
    images: imagesInStatus(images),
  };
}

function imagesInStatus(images: readonly Image[]): NonNullable<NodeStatus["images"]> {
  return images
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, limits.imagesInStatus)
    .map((image) => ({
      names: [...image.digests, ...image.names].slice(0, limits.imageNamesInStatus),
      sizeBytes: image.sizeBytes,
    }));
}

/** What the node says about itself: each pressure's cause, or why it is not ready. */
export interface NodeHealth {
  readonly notReady: string | undefined;
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
}

/** Conditions, each keeping its transition time while its status stays. Pure. */
export function nodeConditions(
  health: NodeHealth,
  before: readonly NodeCondition[],
  now: number,
): NodeCondition[] {
  const nowText = rfc3339(now);
  const condition = (type: string, status: boolean, reason: string, message: string): NodeCondition => {
    const old = before.find((one) => one.type === type);
    const text = status ? "True" : "False";
    const since = old?.status === text ? old.lastTransitionTime : undefined;
    return {
      type,
      status: text,
      reason,
      message,
      lastHeartbeatTime: nowText,
      lastTransitionTime: since ?? nowText,
    };
  };
  const { memoryPressure, diskPressure, pidPressure, notReady } = health;
  return [
    memoryPressure
      ? condition(
          "MemoryPressure",
          true,
          "KubeletHasInsufficientMemory",
          "kubelet has insufficient memory available",
        )
      : condition(
          "MemoryPressure",
          false,
          "KubeletHasSufficientMemory",
          "kubelet has sufficient memory available",
        ),
    diskPressure
      ? condition("DiskPressure", true, "KubeletHasDiskPressure", "kubelet has disk pressure")
      : condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    pidPressure
      ? condition("PIDPressure", true, "KubeletHasInsufficientPID", "kubelet has insufficient PID available")
      : condition("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    notReady === undefined
      ? condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
      : condition("Ready", false, "KubeletNotReady", notReady),
  ];
}
