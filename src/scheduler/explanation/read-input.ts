import {
  csiNodes,
  type KubernetesObject,
  namespaces,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  type Resource,
  replicaSets,
  replicationControllers,
  services,
  statefulSets,
  storageClasses,
} from "#api";
import type { Client } from "#client";
import type { Listers } from "../framework/listers.ts";
import type { ExplainInput } from "./explain-pod.ts";

/** Everything that a decision on a pod reads, as the API has it now. */
export async function readExplainInput(
  client: Client,
  { pod, signal }: { readonly pod: Pod; readonly signal: AbortSignal },
): Promise<ExplainInput> {
  const list = async <T extends KubernetesObject>(resource: Resource<T>) =>
    (await client.resource(resource).list({ signal })).items;
  const [nodeList, podList, ...others] = await Promise.all([
    list(nodes),
    list(pods),
    ...Object.entries(lookedUp).map(async ([kind, resource]) => [kind, await list(resource)] as const),
  ]);
  return { pod, nodes: nodeList, pods: podList, objects: Object.fromEntries(others) };
}

/** Where each kind that plugins look up is served. */
const lookedUp: Readonly<Record<keyof Listers, Resource>> = {
  namespaces,
  services,
  replicationControllers,
  replicaSets,
  statefulSets,
  podDisruptionBudgets,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
  csiNodes,
};
