import { type Container, isPodTerminal, type Pod, type PodCondition, type PodSpec } from "#api";
import { only, type SharedParts } from "#client";
import { placingVolumes } from "./framework/pod-volumes.ts";
import { defaultSchedulerName } from "./limits.ts";

export interface KeepOptions {
  /** Whose pods are to be placed here. */
  readonly schedulers: ReadonlySet<string>;
  readonly shared: SharedParts;
}

/**
 * What scheduling reads of a pod: clusters have many, and the scheduler knows all of them. A plugin that is to read more adds
 * it here. Of pods that have ended or wait for another scheduler it is little more than who they are.
 */
export function podOfScheduler(pod: Pod, { schedulers, shared }: KeepOptions): Pod {
  const { metadata = {}, spec, status = {} } = pod;
  const waitsForOther = !spec?.nodeName && !schedulers.has(schedulerOf(pod));
  if (waitsForOther || isPodTerminal(pod)) {
    return {
      metadata: only(metadata, identity),
      spec: { ...only(spec ?? noContainers, ["nodeName", "schedulerName"]), ...noContainers },
      status: only(status, ["phase"]),
    };
  }
  const { labels, ownerReferences } = metadata;
  return {
    metadata: {
      ...only(metadata, identity),
      ...(labels && { labels: shared.of(labels) }),
      ...(ownerReferences && { ownerReferences: shared.of(ownerReferences) }),
    },
    spec: specOf(spec ?? noContainers, shared),
    status: {
      ...only(status, ["phase", "nominatedNodeName", "startTime"]),
      ...(status.conditions && { conditions: conditionsOf(pod) }),
    },
  };
}

/** Of a pod that waits, what was said of it; of one on a node, whether it is to make room. */
function conditionsOf({ spec, status }: Pod): PodCondition[] {
  const type = spec?.nodeName ? "DisruptionTarget" : "PodScheduled";
  return status?.conditions?.filter((condition) => condition.type === type) ?? [];
}

/** Who is to place the pod. */
export function schedulerOf(pod: Pod): string {
  return pod.spec?.schedulerName ?? defaultSchedulerName;
}

const identity = ["name", "namespace", "uid", "resourceVersion", "deletionTimestamp"] as const;
const noContainers: PodSpec = { containers: [] };

function specOf(spec: PodSpec, shared: SharedParts): PodSpec {
  const { containers, initContainers, nodeName } = spec;
  const volumes = placingVolumes(spec);
  const rest = shared.of({
    ...only(spec, specFields),
    containers: containers.map(containerOf),
    ...(initContainers ? { initContainers: initContainers.map(containerOf) } : {}),
    ...(volumes ? { volumes } : {}),
  });
  return nodeName === undefined ? rest : { ...rest, nodeName };
}

const specFields = [
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
