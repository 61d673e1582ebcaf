import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from "#api";
import { only } from "#client";

/**
 * What controllers read of a pod, a third of it: clusters have many. A controller that is to read more adds it here.
 * Metadata stays whole, because the inventory shares it.
 */
export function podOfControllers(pod: Pod): Pod {
  return {
    ...only(pod, ["apiVersion", "kind", "metadata"]),
    ...(pod.spec ? { spec: specOf(pod.spec) } : {}),
    ...(pod.status ? { status: statusOf(pod.status) } : {}),
  };
}

function specOf(spec: PodSpec): PodSpec {
  const { containers, initContainers } = spec;
  const claims = spec.volumes?.filter((volume) => volume.persistentVolumeClaim ?? volume.ephemeral);
  return {
    ...only(spec, ["nodeName", "hostname", "subdomain", "tolerations"]),
    containers: containers.map(containerOf),
    ...(initContainers ? { initContainers: initContainers.map(containerOf) } : {}),
    ...(claims?.length ? { volumes: claims } : {}),
    ...nodeFieldsOf(spec),
  };
}

/** The node that a pod of a daemon set is for. Labels of nodes are between the pod and the scheduler. */
function nodeFieldsOf({ affinity }: PodSpec): Pick<PodSpec, "affinity"> {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms?.filter(({ matchFields }) => matchFields !== undefined) ?? [];
  if (terms.length === 0) return {};
  const nodeSelectorTerms = terms.map((term) => only(term, ["matchFields"]));
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  };
}

function containerOf(container: Container): Container {
  return only(container, ["name", "ports", "restartPolicy"]);
}

function statusOf(status: PodStatus): PodStatus {
  const { containerStatuses, initContainerStatuses } = status;
  return {
    ...only(status, ["phase", "conditions", "podIP", "podIPs"]),
    ...(containerStatuses ? { containerStatuses: containerStatuses.map(containerStatusOf) } : {}),
    ...(initContainerStatuses ? { initContainerStatuses: initContainerStatuses.map(containerStatusOf) } : {}),
  };
}

/** Which image it runs is the node's business; how it ended is a job's, too. */
function containerStatusOf({ name, ready, restartCount, state }: ContainerStatus): ContainerStatus {
  const ended = state?.terminated;
  return {
    ...{ name, ready, restartCount, image: "", imageID: "" },
    ...(ended ? { state: { terminated: only(ended, ["exitCode", "finishedAt"]) } } : {}),
  };
}
