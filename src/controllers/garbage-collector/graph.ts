import type { KubernetesObject, OwnerReference, Resource } from "#api";

/** One object in the graph of owners. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: Resource;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly owners: readonly OwnerReference[];
  readonly isDeleting: boolean;
  /** It waits for its dependents: finalizer `foregroundDeletion`. */
  readonly awaitsDependents: boolean;
  /** Its dependents shall live on: finalizer `orphan`. */
  readonly orphansDependents: boolean;
}

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** Who owns whom, over all kinds, by uid. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    const uids = this.#dependents.get(uid);
    if (!uids) return [];
    return Array.from(uids, (dependent) => this.#nodes.get(dependent)).filter((node) => node !== undefined);
  }

  put(resource: Resource, object: KubernetesObject): void {
    const node = nodeFrom(resource, object);
    const old = this.#nodes.get(node.uid);
    if (old) this.#unlink(old);
    this.#nodes.set(node.uid, node);
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      if (dependents) dependents.add(node.uid);
      else this.#dependents.set(uid, new Set([node.uid]));
    }
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node) return;
    this.#unlink(node);
    this.#nodes.delete(uid);
  }

  #unlink(node: GraphNode): void {
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      dependents?.delete(node.uid);
      if (dependents?.size === 0) this.#dependents.delete(uid);
    }
  }
}

function nodeFrom(resource: Resource, { metadata }: KubernetesObject): GraphNode {
  const finalizers = metadata?.finalizers ?? [];
  const isDeleting = metadata?.deletionTimestamp !== undefined;
  return {
    uid: metadata?.uid ?? "",
    resource,
    name: metadata?.name ?? "",
    namespace: metadata?.namespace,
    owners: metadata?.ownerReferences ?? none,
    isDeleting,
    awaitsDependents: isDeleting && finalizers.includes(foregroundFinalizer),
    orphansDependents: isDeleting && finalizers.includes(orphanFinalizer),
  };
}

const none: readonly OwnerReference[] = [];
