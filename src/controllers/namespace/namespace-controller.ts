import { events, type KubernetesObject, type Namespace, namespaces, pathOf, type Resource } from "#api";
import { isNotFound, timestamp } from "#base";
import { type Controller, controller, type Watch, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import type { Inventory, Stock } from "../inventory/inventory.ts";
import { namespaceRetryMs } from "../limits.ts";
import { patchStatus } from "../shared/patch-status.ts";
import { type Content, conditionsFor, nextToDelete } from "./decide.ts";

/** Empties namespaces that are being deleted, over all kinds, and then lets them go. */
export function namespaceController(context: ControllerContext, inventory: Inventory): Controller {
  const { client, informers, clock } = context;
  const all = informers.of(namespaces);

  const contentsOf = (namespace: string): Content[] => {
    const contents: Content[] = [];
    for (const { resource, informer } of namespaced(inventory)) {
      const objects = informer.list(namespace);
      if (objects.length > 0) contents.push(contentFrom(resource, objects));
    }
    return contents;
  };

  /** Asks the server itself: only what it says counts before the namespace goes. Kinds that have something left. */
  const reallyLeft = async (namespace: string): Promise<Stock[]> => {
    const left = await Promise.all(
      [...namespaced(inventory)].map(async (stock) => {
        const list = await client
          .resource(stock.resource, namespace)
          .list({ limit: 1, projection: "metadata" })
          .catch((error) => {
            if (isNotFound(error)) return { items: [] };
            throw error;
          });
        return list.items.length > 0 ? [stock] : [];
      }),
    );
    return left.flat();
  };

  const deleteAll = async (namespace: string, names: readonly string[]): Promise<void> => {
    const stocks = [...namespaced(inventory)].filter(({ resource }) => names.includes(qualified(resource)));
    await Promise.all(stocks.map((stock) => empty(context, stock, namespace)));
  };

  const finalize = async (namespace: Namespace): Promise<void> => {
    const { name = "" } = namespace.metadata ?? {};
    const finalizers = namespace.spec?.finalizers?.filter((one) => one !== "kubernetes") ?? [];
    const body = { apiVersion: "v1", kind: "Namespace", metadata: namespace.metadata, spec: { finalizers } };
    await client.raw("PUT", pathOf(namespaces, { name, subresource: "finalize" }), body);
  };

  return controller({
    name: "namespace",
    watches: [watch(all), contentWatch(inventory, (name) => isTerminating(all.get(name)))],
    reconcile: async (name) => {
      const namespace = all.get(name);
      if (!namespace || !isTerminating(namespace)) return undefined;
      if (!namespace.spec?.finalizers?.includes("kubernetes")) return undefined;
      const contents = contentsOf(name);
      await deleteAll(name, nextToDelete(contents));
      const isEmpty = contentsOf(name).length === 0;
      const left = isEmpty ? await reallyLeft(name) : [];
      if (isEmpty && left.length === 0 && inventory.failure === undefined) {
        // Last, because deleting the rest makes some.
        await client.resource(events, name).deleteCollection({});
        await finalize(namespace);
        return undefined;
      }
      await Promise.all(left.map((stock) => empty(context, stock, name)));
      const conditions = conditionsFor(namespace.status?.conditions, contentsOf(name), {
        discoveryFailure: inventory.failure,
        now: timestamp(clock),
      });
      await patchStatus(client, namespaces, namespace, { ...namespace.status, conditions });
      // What the caches know calls for another look when it goes; only what they do not know needs a clock.
      return isEmpty ? { requeueAfterMs: namespaceRetryMs } : undefined;
    },
  });
}

async function empty(
  { client }: ControllerContext,
  { resource, informer }: Stock,
  namespace: string,
): Promise<void> {
  const api = client.resource(resource, namespace);
  if (resource.verbs.includes("deletecollection")) {
    await api.deleteCollection({}, { propagationPolicy: "Background" });
    return;
  }
  for (const { metadata } of informer.list(namespace)) {
    if (metadata?.deletionTimestamp) continue;
    await api.delete(metadata?.name ?? "", { propagationPolicy: "Background" }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** Calls for another look when something in a terminating namespace goes (or still comes). */
function contentWatch(inventory: Inventory, concerns: (namespace: string) => boolean): Watch {
  return {
    synced: () => inventory.synced(),
    start(add) {
      const look = ({ metadata }: KubernetesObject) => {
        if (metadata?.namespace && concerns(metadata.namespace)) add(metadata.namespace);
      };
      const stops: (() => void)[] = [];
      const follow = ({ resource, informer }: Stock) => {
        if (resource.namespaced)
          stops.push(informer.addHandler({ added: look, updated: look, deleted: look }));
      };
      stops.push(inventory.onStock(follow));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

function* namespaced(inventory: Inventory): Generator<Stock> {
  for (const stock of inventory.stocks) if (stock.resource.namespaced) yield stock;
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata?.deletionTimestamp !== undefined;
}

function contentFrom(resource: Resource, objects: readonly KubernetesObject[]): Content {
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects) {
    for (const name of metadata?.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const undeleted = objects.filter(({ metadata }) => !metadata?.deletionTimestamp).length;
  return { resource: qualified(resource), count: objects.length, undeleted, finalizers };
}

/** `deployments.apps`, `pods`. */
function qualified({ resource, group }: Resource): string {
  return group ? `${resource}.${group}` : resource;
}
