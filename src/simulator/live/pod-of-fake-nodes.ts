import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from "#api";
import { only, SharedParts } from "#client";

/** What simulated nodes read of a pod: all they need to run it, and to go on where it was. */
export function podOfFakeNodes({ metadata = {}, spec, status }: Pod): Pod {
  const { nodeName, ...common } = spec ?? { containers: [] };
  return {
    metadata: only(metadata, metadataFields),
    spec: { ...parts.of(specOf(common)), ...(nodeName === undefined ? {} : { nodeName }) },
    ...(status ? { status: statusOf(status) } : {}),
  };
}

const parts = new SharedParts();

const metadataFields = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

function specOf(spec: PodSpec): PodSpec {
  const { containers, initContainers } = spec;
  return {
    ...only(spec, [
      "restartPolicy",
      "nodeSelector",
      "overhead",
      "resources",
      "hostNetwork",
      "securityContext",
    ]),
    containers: containers.map(containerOf),
    ...(initContainers ? { initContainers: initContainers.map(containerOf) } : {}),
  };
}

function containerOf(container: Container): Container {
  return only(container, ["name", "image", "resources", "ports", "restartPolicy", "securityContext"]);
}

function statusOf(status: PodStatus): PodStatus {
  const { containerStatuses, conditions } = status;
  return {
    ...only(status, ["phase", "podIP", "startTime", "qosClass"]),
    ...(conditions
      ? {
          conditions: parts.of(
            conditions.map((each) => only(each, ["type", "status", "lastTransitionTime"])),
          ),
        }
      : {}),
    ...(containerStatuses
      ? { containerStatuses: parts.of(containerStatuses.slice(0, 1).map(containerStatusOf)) }
      : {}),
  };
}

function containerStatusOf({ restartCount, state }: ContainerStatus): ContainerStatus {
  const running = state?.running ? { state: { running: only(state.running, ["startedAt"]) } } : {};
  return { name: "", image: "", imageID: "", ready: false, restartCount, ...running };
}
