import {
  amountsOf,
  apiVersionOf,
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
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
} from "#api";
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
        items.filter(isApplied).map((item) => placed(asApplied(item, resource))),
      ),
      ...bare.map((pod) => placed(asApplied(withoutNode(pod), { group: "", version: "v1", kind: "Pod" }))),
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

/** What the control plane makes by itself, or others own, comes again by itself. */
function isApplied({ kind, metadata }: KubernetesObject): boolean {
  if (metadata?.ownerReferences?.length || metadata?.deletionTimestamp) return false;
  const { name = "", namespace } = metadata ?? {};
  if (namespace === "default" && name === "kubernetes") return false;
  if (name.startsWith("system-") || (name === "default" && namespace !== undefined)) return false;
  return !(kind === "Namespace" && builtInNamespaces.has(name)) && name !== "kube-root-ca.crt";
}

const builtInNamespaces = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

/** Without what a server has written. */
function asApplied(
  object: KubernetesObject,
  resource: Pick<Resource, "group" | "version" | "kind">,
): KubernetesObject {
  const { name, namespace, labels, annotations } = object.metadata ?? {};
  const { status: _, ...rest } = object as KubernetesObject & {
    status?: unknown;
    spec?: Record<string, unknown>;
  };
  const { clusterIP: __, clusterIPs: ___, volumeName: ____, ...spec } = rest.spec ?? {};
  return {
    ...rest,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      name: name ?? "",
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(rest.spec ? { spec } : {}),
  } as KubernetesObject;
}

function withoutNode(pod: Pod): Pod {
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] };
  return { ...pod, spec };
}

function placed(object: KubernetesObject): PlacedObject {
  const place = { file: "the live cluster", line: 1, column: 1 };
  return { object, place, placeOf: () => place };
}
