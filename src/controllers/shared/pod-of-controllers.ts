import type { Container, ContainerStatus, ObjectMeta, Pod, PodSpec, PodStatus } from "#api";
import { only, SharedParts } from "#client";

/**
 * What controllers read of a pod, a third of it: clusters have many. A controller that is to read more adds it here.
 * Metadata stays whole, because the inventory shares it. What replicas have in common is kept once.
 */
export function podOfControllers(pod: Pod): Pod {
  return {
    ...only(pod, ["apiVersion", "kind"]),
    metadata: metadataOf(pod.metadata ?? {}),
    ...(pod.spec ? { spec: specOf(pod.spec) } : {}),
    ...(pod.status ? { status: statusOf(pod.status) } : {}),
  };
}

const parts = new SharedParts();

function metadataOf(metadata: ObjectMeta): ObjectMeta {
  const { labels, annotations, ownerReferences } = metadata;
  return {
    ...metadata,
    ...(labels ? { labels: parts.of(labels) } : {}),
    ...(annotations ? { annotations: parts.of(annotations) } : {}),
    ...(ownerReferences ? { ownerReferences: parts.of(ownerReferences) } : {}),
  };
}

function specOf(spec: PodSpec): PodSpec {
  const { containers, initContainers, tolerations } = spec;
  const claims = spec.volumes?.filter((volume) => volume.persistentVolumeClaim ?? volume.ephemeral);
  return {
    ...only(spec, ["nodeName", "hostname", "subdomain"]),
    ...(tolerations ? { tolerations: parts.of(tolerations) } : {}),
    containers: parts.of(containers.map(containerOf)),
    ...(initContainers ? { initContainers: parts.of(initContainers.map(containerOf)) } : {}),
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
  const { conditions, containerStatuses, initContainerStatuses, podIP, podIPs } = status;
  // Nearly all pods have one address, which is said twice.
  const hasOthers = podIPs !== undefined && (podIPs.length !== 1 || podIPs[0]?.ip !== podIP);
  return {
    ...only(status, ["phase", "podIP"]),
    ...(hasOthers ? { podIPs } : {}),
    ...(conditions ? { conditions: parts.of(conditions) } : {}),
    ...(containerStatuses ? { containerStatuses: parts.of(containerStatuses.map(containerStatusOf)) } : {}),
    ...(initContainerStatuses
      ? { initContainerStatuses: parts.of(initContainerStatuses.map(containerStatusOf)) }
      : {}),
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
