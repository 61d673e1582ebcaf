import { type Pod, podRequests, type ResourceAmounts } from "#api";

/** What a decision needs to know of a pod, worked out once. */
export interface PodFacts {
  readonly pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  /** What it asks a node to set aside; `cpu` in thousandths of a core. */
  readonly requests: ResourceAmounts;
  /** `cpu` and `memory` as scored: a pod that asks for nothing counts as a small one, so that such pods spread too. */
  readonly scoredCpu: number;
  readonly scoredMemory: number;
  /** Host ports: `protocol/address/port`, address `0.0.0.0` for all. */
  readonly hostPorts: readonly HostPort[];
}

export interface HostPort {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Kubernetes' assumption for a container without requests: 100m and 200 MiB. */
const assumedCpu = 100;
const assumedMemory = 200 * 1024 * 1024;

export function factsOf(pod: Pod): PodFacts {
  const { namespace, name, uid = "" } = pod.metadata ?? {};
  const requests = podRequests(pod);
  return {
    pod,
    key: `${namespace}/${name}`,
    uid,
    priority: pod.spec?.priority ?? 0,
    requests,
    scoredCpu: requests.cpu ?? assumedCpu,
    scoredMemory: requests.memory ?? assumedMemory,
    hostPorts: hostPortsOf(pod),
  };
}

function hostPortsOf(pod: Pod): readonly HostPort[] {
  let found: HostPort[] | undefined;
  for (const container of pod.spec?.containers ?? []) {
    for (const { hostPort, protocol = "TCP", hostIP } of container.ports ?? []) {
      if (!hostPort) continue;
      found ??= [];
      found.push({ protocol, address: hostIP || "0.0.0.0", port: hostPort });
    }
  }
  return found ?? none;
}

const none: readonly HostPort[] = [];
