import type { ContainerStatus, PodStatus } from "#api";

/** The statuses of all containers of a pod, of whatever kind. */
export function statusesOf(status: PodStatus | undefined): readonly ContainerStatus[] {
  const {
    initContainerStatuses = [],
    containerStatuses = [],
    ephemeralContainerStatuses = [],
  } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}

export function statusOf(status: PodStatus | undefined, name: string): ContainerStatus | undefined {
  return statusesOf(status).find((one) => one.name === name);
}
