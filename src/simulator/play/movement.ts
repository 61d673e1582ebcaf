import { type Deployment, isPodReady, isPodTerminal, type Node, type Pod, type StatefulSet } from "#api";
import type { Observation } from "./observation.ts";
import { isUnschedulable } from "./pod-log.ts";

/**
 * What has not come to rest, one line each. Of what is lost nothing is expected, and a pod that no node takes moves as little as what waits
 * for it: the report speaks of those by themselves.
 */
export function stillMoving(observation: Observation, lost: ReadonlySet<string>): string[] {
  const all = [...observation.pods.values()];
  const waits = lost.size > 0 || all.some(isUnschedulable);
  return [
    ...[...observation.nodes.values()].flatMap((node) => movingNode(node, lost)),
    ...(waits ? [] : [...observation.deployments.values()].flatMap((one) => movingSet("deployment", one))),
    ...(waits ? [] : [...observation.statefulSets.values()].flatMap((one) => movingSet("statefulset", one))),
    ...all.flatMap((pod) => movingPod(pod, lost)),
  ];
}

function movingNode({ metadata, spec, status }: Node, lost: ReadonlySet<string>): string[] {
  if (lost.has(metadata?.name ?? "")) return [];
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status;
  const hasTaint = spec?.taints?.some(({ key }) => troubles.has(key ?? ""));
  return ready === "True" && !hasTaint ? [] : [`node ${metadata?.name} is not ready`];
}

const troubles = new Set(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);

function movingSet(kind: string, { metadata, spec, status }: Deployment | StatefulSet): string[] {
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  const isDone =
    observedGeneration === metadata?.generation &&
    [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
  if (isDone) return [];
  const counts = `${updatedReplicas} of ${wanted} pods are up to date, ${availableReplicas} available`;
  return [`${kind} ${metadata?.namespace}/${metadata?.name}: ${counts}`];
}

function movingPod(pod: Pod, lost: ReadonlySet<string>): string[] {
  const { name, namespace, deletionTimestamp } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  if (lost.has(node ?? "") || isUnschedulable(pod)) return [];
  if (deletionTimestamp) return [`pod ${namespace}/${name} on ${node ?? "no node"} is being ended`];
  if (isPodTerminal(pod) || isPodReady(pod)) return [];
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting?.reason;
  const where = node ?? "no node yet";
  return [`pod ${namespace}/${name} on ${where} is not ready${waiting ? ` (${waiting})` : ""}`];
}
