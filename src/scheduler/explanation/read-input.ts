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
import { isForbidden } from "#base";
import type { Client } from "#client";
import { currentConfiguration } from "../configuration/configuration-source.ts";
import type { Listers } from "../framework/listers.ts";
import type { Profile } from "../framework/plugin.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { schedulerOf } from "../pod-of-scheduler.ts";
import type { ExplainInput } from "./explain-pod.ts";

/** Everything that a decision on a pod reads, as the API has it now. Without a profile when the pod asks for a scheduler that is not ours. */
export async function readExplainInput(
  client: Client,
  { pod, signal }: { readonly pod: Pod; readonly signal: AbortSignal },
): Promise<ExplainInput> {
  const list = async <T extends KubernetesObject>(resource: Resource<T>) =>
    (await client.resource(resource).list({ signal })).items;
  const [profiles, nodeList, podList, ...others] = await Promise.all([
    profilesOf(client, signal),
    list(nodes),
    list(pods),
    ...Object.entries(lookedUp).map(async ([kind, resource]) => [kind, await list(resource)] as const),
  ]);
  const profile = profiles.find(({ schedulerName }) => schedulerName === schedulerOf(pod));
  const input = { pod, nodes: nodeList, pods: podList, objects: Object.fromEntries(others) };
  return profile ? { ...input, profile } : input;
}

/** While the configuration is wrong, and for people who may not read it, the default rules are taken to hold. */
async function profilesOf(client: Client, signal: AbortSignal): Promise<readonly Profile[]> {
  const configuration = await currentConfiguration(client, { signal }).catch((error: unknown) => {
    if (isForbidden(error)) return undefined;
    throw error;
  });
  return configuration?.type === "profiles" ? configuration.profiles : [defaultProfile];
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
