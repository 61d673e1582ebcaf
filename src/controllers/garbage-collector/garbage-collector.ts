import { jsonEqual, type KubernetesObject, type OwnerReference, type Resource } from "#api";
import { isNotFound } from "#base";
import { type Controller, controller, type Watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import type { Inventory, Stock } from "../inventory/inventory.ts";
import { parallelCollections } from "../limits.ts";
import { eachOf } from "../shared/batches.ts";
import { type CollectionPlan, decide, type OwnerState } from "./decide.ts";
import { foregroundFinalizer, type GraphNode, OwnerGraph, orphanFinalizer } from "./graph.ts";

/** Deletes what its owners have left behind, and carries out foreground deletion and orphaning. Keys are uids. */
export function garbageCollector(context: ControllerContext, inventory: Inventory): Controller {
  const { client } = context;
  const graph = new OwnerGraph();
  const clientFor = ({ resource, namespace }: GraphNode) => client.resource(resource, namespace);

  /** Known owners are in the graph; of others the server is asked: a cache that is behind must not kill. */
  const stateOf = async (node: GraphNode, reference: OwnerReference): Promise<OwnerState> => {
    const known = graph.get(reference.uid);
    if (known && isSame(known, node, reference)) return known.awaitsDependents ? "waiting" : "solid";
    const stock = inventory.find(reference.apiVersion, reference.kind);
    if (!stock)
      throw new Error(
        `${node.name}: the server does not serve its owner ${reference.apiVersion} ${reference.kind}`,
      );
    const namespace = stock.resource.namespaced ? node.namespace : undefined;
    if (stock.resource.namespaced && namespace === undefined) return "absent";
    try {
      const owner = await client
        .resource(stock.resource, namespace)
        .get(reference.name, { projection: "metadata" });
      if (owner.metadata?.uid !== reference.uid) return "absent";
      const isWaiting =
        owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes(foregroundFinalizer);
      return isWaiting ? "waiting" : "solid";
    } catch (error) {
      if (isNotFound(error)) return "absent";
      throw error;
    }
  };

  /** Names the object as it is now; the uid keeps the patch from another that took its name. */
  const edit = async (
    node: GraphNode,
    change: (object: KubernetesObject) => object | undefined,
  ): Promise<void> => {
    try {
      const object = await clientFor(node).get(node.name, { projection: "metadata" });
      if (object.metadata?.uid !== node.uid) return;
      const metadata = change(object);
      if (!metadata) return;
      const { uid, resourceVersion } = object.metadata;
      const patch = { metadata: { uid, resourceVersion, ...metadata } };
      await clientFor(node).patch(node.name, { type: "merge", patch });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

  const disown = (node: GraphNode, owners: readonly string[]) =>
    edit(node, ({ metadata }) => {
      const ownerReferences = metadata?.ownerReferences?.filter(({ uid }) => !owners.includes(uid)) ?? [];
      if (ownerReferences.length === metadata?.ownerReferences?.length) return undefined;
      return { ownerReferences: ownerReferences.length > 0 ? ownerReferences : null };
    });

  const dropFinalizer = (node: GraphNode, finalizer: string) =>
    edit(node, ({ metadata }) => {
      if (!metadata?.finalizers?.includes(finalizer)) return undefined;
      return { finalizers: metadata.finalizers.filter((one) => one !== finalizer) };
    });

  const remove = async (node: GraphNode, policy: "Background" | "Foreground"): Promise<void> => {
    try {
      const preconditions = { uid: node.uid };
      await clientFor(node).delete(node.name, { preconditions, propagationPolicy: policy });
    } catch (error) {
      // Gone. A conflict is looked at again: another may have its name, or somebody else was faster.
      if (!isNotFound(error)) throw error;
    }
  };

  const apply = async (node: GraphNode, plan: CollectionPlan, add: (uid: string) => void): Promise<void> => {
    switch (plan.type) {
      case "nothing":
        return;
      case "disown":
        return disown(node, plan.owners);
      case "delete":
        return remove(node, plan.policy);
      case "orphan":
        await eachOf(plan.dependents, parallelCollections, (dependent) => disown(dependent, [node.uid]));
        return dropFinalizer(node, orphanFinalizer);
      case "await":
        for (const { uid } of plan.dependents) add(uid);
        return;
      case "release":
        return dropFinalizer(node, foregroundFinalizer);
    }
  };

  let addKey: (uid: string) => void = () => {};
  return controller({
    name: "garbage-collector",
    concurrency: 8,
    watches: [
      graphWatch(inventory, graph, (add) => {
        addKey = add;
      }),
    ],
    reconcile: async (uid) => {
      const node = graph.get(uid);
      if (!node) return undefined;
      const states = new Map<string, OwnerState>();
      if (!node.isDeleting) {
        for (const reference of node.owners) states.set(reference.uid, await stateOf(node, reference));
      }
      const ownerState = ({ uid: owner }: OwnerReference) => states.get(owner) ?? "solid";
      await apply(node, decide({ node, dependents: graph.dependentsOf(uid), ownerState }), addKey);
      return undefined;
    },
  });
}

/** A reference that names the right uid with a wrong kind or name refers to nothing. */
function isSame(known: GraphNode, node: GraphNode, reference: OwnerReference): boolean {
  const { resource, name, namespace } = known;
  if (resource.kind !== reference.kind || name !== reference.name) return false;
  return !resource.namespaced || namespace === node.namespace;
}

/** Keeps the graph, and calls for a look where a change may have consequences. */
function graphWatch(
  inventory: Inventory,
  graph: OwnerGraph,
  onStart: (add: (uid: string) => void) => void,
): Watch {
  return {
    synced: () => inventory.synced(),
    start(add) {
      onStart(add);
      const stops: (() => void)[] = [];
      const follow = ({ resource, informer }: Stock) => {
        stops.push(informer.addHandler(handlerFor(resource, graph, add)));
      };
      stops.push(inventory.onStock(follow));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

function handlerFor(resource: Resource, graph: OwnerGraph, add: (uid: string) => void) {
  const put = (object: KubernetesObject, old?: KubernetesObject) => {
    const uid = object.metadata?.uid ?? "";
    if (old && !isOwnershipChange(object, old)) return;
    graph.put(resource, object);
    const node = graph.get(uid);
    if (node && (node.owners.length > 0 || node.awaitsDependents || node.orphansDependents)) add(uid);
    // An owner that begins to wait calls for its dependents' deletion; one that they waited for may be free now.
    if (old) for (const owner of old.metadata?.ownerReferences ?? []) addIfAwaiting(graph, owner.uid, add);
  };
  return {
    added: (object: KubernetesObject) => put(object),
    updated: put,
    deleted(object: KubernetesObject) {
      const uid = object.metadata?.uid ?? "";
      graph.remove(uid);
      for (const dependent of graph.dependentsOf(uid)) add(dependent.uid);
      for (const owner of object.metadata?.ownerReferences ?? []) addIfAwaiting(graph, owner.uid, add);
    },
  };
}

function addIfAwaiting(graph: OwnerGraph, uid: string, add: (uid: string) => void): void {
  if (graph.get(uid)?.awaitsDependents) add(uid);
}

/** Most updates change neither owners nor finalizers nor whether the object is being deleted. */
function isOwnershipChange({ metadata }: KubernetesObject, { metadata: old }: KubernetesObject): boolean {
  return (
    metadata?.deletionTimestamp !== old?.deletionTimestamp ||
    !jsonEqual(metadata?.ownerReferences, old?.ownerReferences) ||
    !jsonEqual(metadata?.finalizers, old?.finalizers)
  );
}
