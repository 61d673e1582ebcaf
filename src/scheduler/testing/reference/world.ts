import type {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
} from "#api";

/** A cluster as plain objects: all that a decision may depend on. */
export interface World {
  readonly nodes: readonly Node[];
  /** Pods that have a node and have not ended. */
  readonly pods: readonly Pod[];
  /** Pods that wait for room on a node, written as if they were there. */
  readonly awaiting: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly replicationControllers: readonly ReplicationController[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly statefulSets: readonly StatefulSet[];
  readonly budgets: readonly PodDisruptionBudget[];
  readonly persistentVolumeClaims: readonly PersistentVolumeClaim[];
  readonly persistentVolumes: readonly PersistentVolume[];
  readonly storageClasses: readonly StorageClass[];
  readonly csiNodes: readonly CSINode[];
}

export const emptyWorld: World = {
  nodes: [],
  pods: [],
  awaiting: [],
  namespaces: [],
  services: [],
  replicationControllers: [],
  replicaSets: [],
  statefulSets: [],
  budgets: [],
  persistentVolumeClaims: [],
  persistentVolumes: [],
  storageClasses: [],
  csiNodes: [],
};

export function nameOf(object: { readonly metadata?: { readonly name?: string } }): string {
  return object.metadata?.name ?? "";
}

export function namespaceOf(object: { readonly metadata?: { readonly namespace?: string } }): string {
  return object.metadata?.namespace ?? "";
}

export function labelsOf(object: {
  readonly metadata?: { readonly labels?: Record<string, string> };
}): Record<string, string> {
  return object.metadata?.labels ?? {};
}

export function priorityOf(pod: Pod): number {
  return pod.spec?.priority ?? 0;
}

export function podsOn(node: Node, world: World): readonly Pod[] {
  return world.pods.filter((pod) => pod.spec?.nodeName === nameOf(node));
}

/** The value of a node's label; undefined when it has none. */
export function labelOf(node: Node, key: string): string | undefined {
  return labelsOf(node)[key];
}
