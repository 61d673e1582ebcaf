import { type Container, type Pod, type PodStatus, qosClassOf } from "#api";
import { containersOf } from "../pods/containers.ts";
import type { Observation } from "../pods/observation.ts";
import { disruptionCondition, podConditions } from "./conditions.ts";
import { containerStatus } from "./container-status.ts";
import { isOver, phaseOf } from "./phase.ts";
import { resizeCondition, withActualResources } from "./resize.ts";
import { rfc3339 } from "./time.ts";

export interface StatusContext {
  /** Addresses of the node. */
  readonly hostAddresses: readonly string[];
  /** The status as last written: transition times and what belongs to others come from it. */
  readonly before: PodStatus | undefined;
  readonly now: number;
}

/** The whole status of a pod, from what its worker knows. Pure. */
export function podStatus(pod: Pod, seen: Observation, context: StatusContext): PodStatus {
  const { before, now, hostAddresses } = context;
  const phase = phaseOf(pod, seen);
  const { init, main, ephemeral } = containersOf(pod);
  const addresses =
    seen.sandbox.is === "done" ? seen.sandbox.value.addresses : isOver(seen) ? addressesOf(before) : [];
  const failure = seen.stop?.failed;
  const withResources = (containers: readonly Container[]) =>
    containers.map((one) => withActualResources(pod, containerStatus(pod, one, seen), before));
  const initContainerStatuses = withResources(init);
  const containerStatuses = withResources(main);
  const conditions = before?.conditions ?? [];
  const status: PodStatus = {
    phase,
    conditions: [
      ...podConditions(pod, seen, phase, conditions, now),
      ...disruptionCondition(seen, conditions, now),
      ...resizeCondition(pod, [...initContainerStatuses, ...containerStatuses], conditions, now),
    ],
    startTime: before?.startTime ?? rfc3339(seen.startedAt),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    // A pod that the node refused has no containers, and none that would be created.
    ...(seen.stop?.cause === "rejected" ? {} : { containerStatuses }),
    hostIP: hostAddresses[0] ?? "",
    hostIPs: hostAddresses.map((ip) => ({ ip })),
  };
  if (init.length > 0 && seen.stop?.cause !== "rejected") {
    status.initContainerStatuses = initContainerStatuses;
  }
  if (ephemeral.length > 0) {
    status.ephemeralContainerStatuses = ephemeral.map((container) => containerStatus(pod, container, seen));
  }
  if (addresses.length > 0) {
    status.podIP = addresses[0] as string;
    status.podIPs = addresses.map((ip) => ({ ip }));
  }
  // Together with the phase: while containers still end, the pod has not failed yet.
  if (failure && phase === "Failed") {
    status.reason = failure.reason;
    status.message = failure.message;
  }
  if (pod.metadata?.generation !== undefined) status.observedGeneration = pod.metadata.generation;
  return status;
}

function addressesOf(status: PodStatus | undefined): string[] {
  return (status?.podIPs ?? []).flatMap((one) => (one.ip ? [one.ip] : []));
}
