import {
  amountsOf,
  configMaps,
  cronJobs,
  daemonSets,
  deployments,
  isPodTerminal,
  type KubernetesObject,
  limitRanges,
  type Node,
  namespaces,
  type Pod,
  persistentVolumeClaims,
  podDisruptionBudgets,
  priorityClasses,
  type Resource,
  resourceQuotas,
  runtimeClasses,
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
} from "#api";
import { asApplied, isApplied } from "./as-applied.ts";
import { podRange } from "./fleet.ts";
import type { PlacedObject, ScenarioNode } from "./scenario.ts";

/** The nodes and objects of a live cluster. */
export interface ClusterContents {
  readonly nodes: readonly ScenarioNode[];
  readonly objects: readonly PlacedObject[];
}

/** What is read of a live cluster. */
export interface ClusterObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** By `workloadKinds`, in their order. */
  readonly objects: readonly { readonly resource: Resource; readonly items: readonly KubernetesObject[] }[];
}

/** What makes up an application, what it needs before it first. Secrets stay where they are: no simulated pod reads one. */
export const workloadKinds: readonly Resource[] = [
  namespaces,
  priorityClasses,
  runtimeClasses,
  storageClasses,
  serviceAccounts,
  limitRanges,
  resourceQuotas,
  configMaps,
  persistentVolumeClaims,
  podDisruptionBudgets,
  services,
  deployments,
  statefulSets,
  daemonSets,
  cronJobs,
];

/** Makes a scenario's beginning of what a live cluster has: nodes by their shapes, objects as somebody would apply them. Pure. */
export function clusterContents({ nodes, pods, objects }: ClusterObjects): ClusterContents {
  const bare = pods.filter((pod) => !pod.metadata?.ownerReferences?.length && !isPodTerminal(pod));
  return {
    nodes: nodes.map(scenarioNode),
    objects: [
      ...objects.flatMap(({ resource, items }) =>
        items
          .filter((item) => isApplied({ ...item, kind: resource.kind }))
          .map((item) => placed(asApplied(item, resource))),
      ),
      ...bare.map((pod) => placed(asApplied(pod, { group: "", version: "v1", kind: "Pod" }))),
    ],
  };
}

function scenarioNode({ metadata, spec, status }: Node, index: number): ScenarioNode {
  const { cpu = 0, memory = 0, "ephemeral-storage": storage = 0 } = amountsOf(status?.allocatable);
  const { "topology.kubernetes.io/zone": zone, ...labels } = metadata?.labels ?? {};
  return {
    shape: {
      name: metadata?.name ?? "",
      ...(zone === undefined ? {} : { zone }),
      labels,
      cpuMilli: cpu,
      memoryBytes: memory,
      storageBytes: storage,
      podRange: podRange(index),
    },
    // Those that say how the node fares are set anew by whoever watches over it.
    taints: (spec?.taints ?? []).filter(({ key }) => !key?.startsWith("node.kubernetes.io/")),
    isUnschedulable: spec?.unschedulable ?? false,
    failures: undefined,
  };
}

function placed(object: KubernetesObject): PlacedObject {
  const place = { file: "the live cluster", line: 1, column: 1 };
  return { object, place, placeOf: () => place };
}
