import type { KubernetesObject, Resource } from "#api";
import { type Clock, isNotFound, type Logger, type Random } from "#base";
import { type Client, Informer } from "#client";

/** Single objects (ConfigMaps, Secrets) that this node's pods need: fetched when asked for, followed while used. */
export interface ObjectSource {
  /** The object as of now, or as last seen while the API is away; undefined when there is none. Throws `ApiError`. */
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Promise<T | undefined>;
  /** Calls back when it changes, comes or goes, until closed. One watch serves all who follow the same object. */
  follow(resource: Resource, namespace: string, name: string, onChange: () => void): { close(): void };
}

export interface ObjectSourceOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Followed {
  readonly informer: Informer<KubernetesObject>;
  readonly listeners: Set<() => void>;
}

export function createObjectSource(options: ObjectSourceOptions): ObjectSource {
  const followed = new Map<string, Followed>();
  const fetching = new Map<string, Promise<KubernetesObject | undefined>>();

  const begin = (resource: Resource, namespace: string, name: string): Followed => {
    const informer = new Informer({
      ...options,
      resource,
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    const listeners = new Set<() => void>();
    const changed = () => {
      if (informer.isSynced) for (const listener of [...listeners]) listener();
    };
    informer.addHandler({ added: changed, updated: changed, deleted: changed });
    // It may have changed between the fetch and the first list: tell once.
    informer.synced.then(changed, () => {});
    return { informer, listeners };
  };
  const fetch = (resource: Resource, namespace: string, name: string) =>
    options.client
      .resource(resource, namespace)
      .get(name, { signal: options.signal })
      .catch((error) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });

  return {
    async get<T extends KubernetesObject>(resource: Resource<T>, namespace: string, name: string) {
      const key = `${resource.resource}/${namespace}/${name}`;
      const informer = followed.get(key)?.informer;
      if (informer?.isSynced) return informer.get(name, namespace) as T | undefined;
      // Pods that start together ask once.
      let fetched = fetching.get(key);
      if (!fetched) {
        fetched = fetch(resource, namespace, name).finally(() => fetching.delete(key));
        fetching.set(key, fetched);
      }
      return (await fetched) as T | undefined;
    },
    follow(resource, namespace, name, onChange) {
      const key = `${resource.resource}/${namespace}/${name}`;
      const entry = followed.get(key) ?? begin(resource, namespace, name);
      followed.set(key, entry);
      const listener = () => onChange();
      entry.listeners.add(listener);
      return {
        close() {
          if (!entry.listeners.delete(listener) || entry.listeners.size > 0) return;
          entry.informer.stop();
          followed.delete(key);
        },
      };
    },
  };
}
