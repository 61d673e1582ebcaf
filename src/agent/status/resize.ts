import { type ContainerStatus, jsonEqual, type Pod, type PodCondition, type PodStatus } from "#api";
import { containersOf } from "../pods/containers.ts";
import { statusOf } from "./statuses.ts";
import { rfc3339 } from "./time.ts";

/**
 * A container's status with the resources that it really has: those that it was started with. Nodes do not yet carry out a
 * change while it runs (KEP-1287), and must not say that they have.
 */
export function withActualResources(
  pod: Pod,
  status: ContainerStatus,
  before: PodStatus | undefined,
): ContainerStatus {
  const wanted = containersOf(pod).all.find(({ name }) => name === status.name)?.resources;
  const old = statusOf(before, status.name);
  const isSameRun = status.containerID !== undefined && old?.containerID === status.containerID;
  const resources = isSameRun ? old?.resources : wanted;
  return resources ? { ...status, resources } : status;
}

/** Says that a change of resources waits for a new pod; and, once it was said, that it waits no more. */
export function resizeCondition(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  before: readonly PodCondition[],
  now: number,
): PodCondition[] {
  const waiting = statuses.filter(({ name, state, resources }) => {
    const wanted = containersOf(pod).all.find((container) => container.name === name)?.resources;
    return state?.running !== undefined && !jsonEqual(wanted ?? {}, resources ?? {});
  });
  const old = before.find((condition) => condition.type === type);
  if (waiting.length === 0 && !old) return [];
  const status = waiting.length > 0 ? "True" : "False";
  const since = old?.status === status ? old.lastTransitionTime : undefined;
  const why = {
    reason: "Infeasible",
    message: `this node does not change the resources of running containers (${waiting.map(({ name }) => name).join(", ")}); delete the pod for a new one to have them`,
  };
  return [{ type, status, lastTransitionTime: since ?? rfc3339(now), ...(waiting.length > 0 ? why : {}) }];
}

const type = "PodResizePending";
