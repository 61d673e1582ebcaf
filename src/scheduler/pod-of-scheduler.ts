import { type Container, isPodTerminal, type Pod, type PodSpec } from "#api";
import { only } from "#client";

/**
 * What scheduling reads of a pod: clusters have many, and the scheduler knows all of them. A plugin that is to read more adds
 * it here. Of pods that have ended or wait for another scheduler it is little more than who they are.
 */
export function podOfScheduler(pod: Pod, { schedulerName }: { readonly schedulerName: string }): Pod {
  const { metadata = {}, spec, status = {} } = pod;
  const waitsForOther = !spec?.nodeName && (spec?.schedulerName ?? schedulerName) !== schedulerName;
  if (waitsForOther || isPodTerminal(pod)) {
    return {
      metadata: only(metadata, identity),
      spec: { ...only(spec ?? noContainers, ["nodeName", "schedulerName"]), ...noContainers },
      status: only(status, ["phase"]),
    };
  }
  return {
    metadata: only(metadata, [...identity, "labels"]),
    spec: specOf(spec ?? noContainers),
    status: only(status, ["phase", "conditions"]),
  };
}

const identity = ["name", "namespace", "uid", "resourceVersion", "deletionTimestamp"] as const;
const noContainers: PodSpec = { containers: [] };

function specOf(spec: PodSpec): PodSpec {
  const { containers, initContainers } = spec;
  return {
    ...only(spec, specFields),
    containers: containers.map(containerOf),
    ...(initContainers ? { initContainers: initContainers.map(containerOf) } : {}),
  };
}

const specFields = [
  "nodeName",
  "schedulerName",
  "schedulingGates",
  "priority",
  "nodeSelector",
  "affinity",
  "tolerations",
  "overhead",
  "resources",
] as const;

function containerOf(container: Container): Container {
  return only(container, ["name", "image", "resources", "ports", "restartPolicy"]);
}
