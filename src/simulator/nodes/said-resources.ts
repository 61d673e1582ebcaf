import { type KubernetesObject, type NodeStatus, nodes } from "#api";
import type { Client, Patch, ResourceClient } from "#client";
import { capacityOf, type NodeShape, offerOf } from "./shape.ts";

/**
 * The client through which a node says what it has. The agent's registration speaks of real machines: their processors, memory and disk, and
 * as many places for pods as any agent has. What else a shape has is said with it.
 */
export function sayingAll(client: Client, shape: NodeShape): Client {
  if (shape.pods === undefined && shape.extended === undefined) return client;
  const more = { capacity: beyondMachine(capacityOf(shape)), allocatable: beyondMachine(offerOf(shape)) };
  return {
    resource(resource, namespace) {
      const inner = client.resource(resource, namespace);
      return resource.resource === nodes.resource
        ? patchingAs(inner, (patch) => withMore(patch, more))
        : inner;
    },
    raw: (method, path, body, options) => client.raw(method, path, body, options),
    close: () => client.close(),
  };
}

type Resources = Required<Pick<NodeStatus, "capacity" | "allocatable">>;

function withMore(patch: Patch, more: Resources): Patch {
  if (patch.type !== "strategic") return patch;
  const { status } = patch.patch as { readonly status?: NodeStatus };
  if (!status) return patch;
  // Maps are merged: what the API has of it already changes nothing.
  const all = {
    ...status,
    capacity: { ...status.capacity, ...more.capacity },
    allocatable: { ...status.allocatable, ...more.allocatable },
  };
  return { ...patch, patch: { ...patch.patch, status: all } };
}

/** Amounts as quantities, but for those that registration says itself. */
function beyondMachine(amounts: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts)
      .filter(([resource]) => !ofMachines.has(resource))
      .map(([resource, amount]) => [resource, quantityOf(resource, amount)]),
  );
}

const ofMachines: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** Huge pages are bytes, and read as such. */
function quantityOf(resource: string, amount: number): string {
  return resource.startsWith("hugepages-") ? `${Math.floor(amount / 1024)}Ki` : String(amount);
}

function patchingAs<T extends KubernetesObject>(
  inner: ResourceClient<T>,
  said: (patch: Patch) => Patch,
): ResourceClient<T> {
  return {
    get: (name, options) => inner.get(name, options),
    list: (options) => inner.list(options),
    watch: (options) => inner.watch(options),
    watchBatches: (options) => inner.watchBatches(options),
    create: (object, options) => inner.create(object, options),
    update: (object, options) => inner.update(object, options),
    updateStatus: (object, options) => inner.updateStatus(object, options),
    patch: (name, patch, options) => inner.patch(name, said(patch), options),
    apply: (object, options) => inner.apply(object, options),
    delete: (name, options) => inner.delete(name, options),
    deleteCollection: (selection, options) => inner.deleteCollection(selection, options),
    postSubresource: (name, subresource, body, options) =>
      inner.postSubresource(name, subresource, body, options),
  };
}
