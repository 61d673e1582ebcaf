import { amountsOf, type Container, type Pod, podLimits, podRequests, qosClassOf } from "#api";
import type { LinuxResources } from "#runtime";

const cpuPeriodUs = 100_000;
const minimumShares = 2;
const maximumShares = 262_144;
const minimumQuotaUs = 1_000;

/** Requests become weights, limits become ceilings: as the kubelet translates them. Pure. */
export function containerResources(container: Container): LinuxResources {
  const requests = amountsOf(container.resources?.requests);
  const limits = amountsOf(container.resources?.limits);
  const cpuRequest = requests.cpu ?? limits.cpu ?? 0;
  return {
    cpuShares: sharesOf(cpuRequest),
    ...(limits.cpu ? { cpuQuotaUs: quotaOf(limits.cpu), cpuPeriodUs } : {}),
    ...(limits.memory ? { memoryLimitBytes: limits.memory } : {}),
  };
}

/** The pod's own cgroup: the sum; a ceiling only where every container has one. */
export function sandboxResources(pod: Pod): LinuxResources {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const everyone = (name: string) =>
    pod.spec?.resources?.limits?.[name] !== undefined ||
    containers.every((container) => amountsOf(container.resources?.limits)[name]);
  return {
    cpuShares: sharesOf(requests.cpu ?? 0),
    ...(limits.cpu && everyone("cpu") ? { cpuQuotaUs: quotaOf(limits.cpu), cpuPeriodUs } : {}),
    ...(limits.memory && everyone("memory") ? { memoryLimitBytes: limits.memory } : {}),
  };
}

/** Who the kernel kills first when memory is short: the one that asked for least. */
export function oomScoreAdjustment(pod: Pod, container: Container, capacityBytes: number): number {
  switch (qosClassOf(pod)) {
    case "Guaranteed":
      return -997;
    case "BestEffort":
      return 1000;
    case "Burstable": {
      const request = amountsOf(container.resources?.requests).memory ?? 0;
      const score = 1000 - Math.floor((1000 * request) / Math.max(capacityBytes, 1));
      // Above Guaranteed, below BestEffort, whatever was asked for.
      return Math.min(Math.max(score, 3), 999);
    }
  }
}

function sharesOf(milli: number): number {
  return Math.min(Math.max(Math.floor((milli * 1024) / 1000), minimumShares), maximumShares);
}

function quotaOf(milli: number): number {
  return Math.max(Math.ceil((milli * cpuPeriodUs) / 1000), minimumQuotaUs);
}
