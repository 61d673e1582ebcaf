import {
  type Deployment,
  deployments,
  isPodTerminal,
  type Job,
  jobs,
  type KubernetesObject,
  type Node,
  nodes,
  type Pod,
  pods,
  type Resource,
  type StatefulSet,
  statefulSets,
} from "#api";
import { keyOf } from "#apiserver";
import type { World } from "../runs/world.ts";

/** What is not yet as it was asked for, one line each; nothing when the cluster has come to rest. */
export function stillMoving(world: World): string[] {
  const all = <T extends KubernetesObject>(resource: Resource<T>): T[] => {
    const prefix = keyOf(resource, "");
    return [...world.history.entries]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, entry]) => JSON.parse(Buffer.from(entry.value).toString()) as T);
  };
  return [
    ...all(nodes).flatMap(movingNode),
    ...all(deployments).flatMap(movingReplicas("deployment")),
    ...all(statefulSets).flatMap(movingReplicas("statefulset")),
    ...all(jobs).flatMap(movingJob),
    ...all(pods).flatMap(movingPod),
    ...forgottenProcesses(world),
  ];
}

function movingNode({ metadata, spec, status }: Node): string[] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status;
  const taints = (spec?.taints ?? []).map(({ key }) => key);
  if (ready === "True" && taints.length === 0) return [];
  return [
    `node ${metadata?.name}: Ready ${ready}${taints.length > 0 ? `, tainted ${taints.join(", ")}` : ""}`,
  ];
}

/** Of a kind that keeps a number of pods. */
function movingReplicas(kind: string) {
  return ({ metadata, spec, status }: Deployment | StatefulSet): string[] => {
    const wanted = spec?.replicas ?? 1;
    const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
    const isDone =
      observedGeneration === metadata?.generation &&
      [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
    if (isDone && !metadata?.deletionTimestamp) return [];
    return [
      `${kind} ${metadata?.name}: ${availableReplicas} available, ${updatedReplicas} updated, ${replicas} there of ${wanted}`,
    ];
  };
}

function movingJob({ metadata, status }: Job): string[] {
  const isOver = status?.conditions?.some(
    ({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True",
  );
  if (isOver && !status?.active) return [];
  return [`job ${metadata?.name}: ${status?.active ?? 0} active, ${status?.succeeded ?? 0} succeeded`];
}

function movingPod(pod: Pod): string[] {
  const { name, namespace, deletionTimestamp } = pod.metadata ?? {};
  const where = pod.spec?.nodeName ?? "no node";
  if (deletionTimestamp) return [`pod ${namespace}/${name} on ${where}: being deleted`];
  if (isPodTerminal(pod)) return [];
  if (pod.spec?.nodeName === undefined) return [`pod ${namespace}/${name}: not scheduled`];
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready")?.status;
  return ready === "True"
    ? []
    : [`pod ${namespace}/${name} on ${where}: ${pod.status?.phase}, Ready ${ready}`];
}

/** What runs on nodes and should not, for the API knows nothing of it. */
function forgottenProcesses(world: World): string[] {
  const known = new Set(Array.from(world.pods, ({ metadata }) => metadata?.uid));
  return [...world.simulation.fleet.nodes.values()].flatMap((node) =>
    [...node.pods.values()]
      .filter(({ uid }) => !known.has(uid))
      .map(
        ({ pod, state }) =>
          `${node.name} still has ${pod.metadata?.name} (${state}), which is gone from the API`,
      ),
  );
}
