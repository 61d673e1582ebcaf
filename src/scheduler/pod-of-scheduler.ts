import { type Container, isPodTerminal, type Pod, type PodSpec } from "#api";
import { only } from "#client";
import { placingVolumes } from "./framework/pod-volumes.ts";
import { defaultSchedulerName } from "./limits.ts";

/**
 * What scheduling reads of a pod: clusters have many, and the scheduler knows all of them. A plugin that is to read more adds
 * it here. Of pods that have ended or wait for another scheduler it is little more than who they are.
 */
export function podOfScheduler(pod: Pod, schedulers: ReadonlySet<string>): Pod {
  const { metadata = {}, spec, status = {} } = pod;
  const waitsForOther = !spec?.nodeName && !schedulers.has(schedulerOf(pod));
  if (waitsForOther || isPodTerminal(pod)) {
    return {
      metadata: only(metadata, identity),
      spec: { ...only(spec ?? noContainers, ["nodeName", "schedulerName"]), ...noContainers },
      status: only(status, ["phase"]),
    };
  }
  return {
    metadata: only(metadata, [...identity, "labels", "ownerReferences"]),
    spec: specOf(spec ?? noContainers),
    status: only(status, ["phase", "conditions", "nominatedNodeName", "startTime"]),
  };
}

/** Who is to place the pod. */
export function schedulerOf(pod: Pod): string {
  return pod.spec?.schedulerName ?? defaultSchedulerName;
}

const identity = ["name", "namespace", "uid", "resourceVersion", "deletionTimestamp"] as const;
const noContainers: PodSpec = { containers: [] };

function specOf(spec: PodSpec): PodSpec {
  const { containers, initContainers } = spec;
  const volumes = placingVolumes(spec);
  return {
    ...only(spec, specFields),
    containers: containers.map(containerOf),
    ...(initContainers ? { initContainers: initContainers.map(containerOf) } : {}),
    ...(volumes ? { volumes } : {}),
  };
}

const specFields = [
  "nodeName",
  "schedulerName",
  "schedulingGates",
  "priority",
  "preemptionPolicy",
  "nodeSelector",
  "affinity",
  "tolerations",
  "topologySpreadConstraints",
  "overhead",
  "resources",
] as const;

function containerOf(container: Container): Container {
  return only(container, ["name", "image", "resources", "ports", "restartPolicy"]);
}
