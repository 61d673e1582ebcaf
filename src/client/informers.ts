import type { KubernetesObject, Resource } from "#api";
import { assert, type Clock, type Logger, type Random } from "#base";
import { keyOf } from "./cache.ts";
import type { Client, DeleteOptions, ListOptions, ResourceClient, WriteOptions } from "./client.ts";
import { Informer } from "./informer.ts";
import type { Kept } from "./keep.ts";

export interface InformersOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends all informers. */
  readonly signal: AbortSignal;
}

export interface InformerSelection<T extends KubernetesObject> extends Pick<Kept<T>, "keep"> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * The informers of one program: at most one per resource and selection, started when first asked for. Whoever shares one names
 * the same `keep`.
 */
export class Informers {
  readonly #options: InformersOptions;
  readonly #informers = new Map<string, Informer<KubernetesObject>>();
  /** By resource: those that a write may concern. */
  readonly #byResource = new Map<string, Informer<KubernetesObject>[]>();

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  of<T extends KubernetesObject>(resource: Resource<T>, selection: InformerSelection<T> = {}): Informer<T> {
    return this.#shared(resource, selection, undefined);
  }

  /** Only `metadata` is promised: shares the full informer of all objects where one runs, else has the server send no more than that. */
  metadataOf<T extends KubernetesObject>(resource: Resource<T>): Informer<T> {
    const full = this.#informers.get(idOf(resource, {}, undefined));
    return full ? (full as unknown as Informer<T>) : this.#shared(resource, {}, "metadata");
  }

  /** Stops the informers of a kind that is served no more, and forgets them. */
  drop(resource: Resource): void {
    const path = pathId(resource);
    for (const informer of this.#byResource.get(path) ?? []) informer.stop();
    this.#byResource.delete(path);
    for (const id of [...this.#informers.keys()]) if (id.startsWith(`${path}|`)) this.#informers.delete(id);
  }

  /** Resolves when every informer asked for so far has its first list. */
  async synced(): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), (informer) => informer.synced));
  }

  /**
   * The client with which to write: what the server answers is in the informers before the call returns, so that no
   * one decides on a world that their own last write has already changed. Like them it knows no managed fields.
   */
  client(): Client {
    const { client } = this.#options;
    return {
      resource: (resource, namespace) =>
        this.#observing(resource, namespace, client.resource(resource, namespace)),
      raw: (method, path, body, options) => client.raw(method, path, body, options),
      close: () => client.close(),
    };
  }

  #shared<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: InformerSelection<T>,
    projection: "metadata" | undefined,
  ): Informer<T> {
    const id = idOf(resource, selection, projection);
    const known = this.#informers.get(id) as unknown as Informer<T> | undefined;
    if (known) {
      assert(known.keep === selection.keep, `all who share the informer of ${id} keep the same of it`);
      return known;
    }
    const informer = new Informer<T>({
      ...this.#options,
      resource,
      ...selection,
      ...(projection === undefined ? {} : { projection }),
    });
    const shared = informer as unknown as Informer<KubernetesObject>;
    this.#informers.set(id, shared);
    const path = pathId(resource);
    this.#byResource.set(path, [...(this.#byResource.get(path) ?? []), shared]);
    return informer;
  }

  #observing<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    inner: ResourceClient<T>,
  ): ResourceClient<T> {
    const informers = () => (this.#byResource.get(pathId(resource)) ?? []) as unknown as Informer<T>[];
    const seen = async (
      write: (options: WriteOptions) => Promise<T>,
      options: WriteOptions | undefined,
    ): Promise<T> => {
      const object = await write({ omit: "managedFields", ...options });
      // What is answered in part says nothing of the rest.
      if (options?.dryRun || options?.projection) return object;
      for (const informer of informers()) informer.observe(object);
      return object;
    };
    return {
      get: (name, options) => inner.get(name, options),
      list: (options?: ListOptions) => inner.list(options),
      watch: (options) => inner.watch(options),
      watchBatches: (options) => inner.watchBatches(options),
      create: (object, options) => seen((lean) => inner.create(object, lean), options),
      update: (object, options) => seen((lean) => inner.update(object, lean), options),
      updateStatus: (object, options) => seen((lean) => inner.updateStatus(object, lean), options),
      patch: (name, patch, options) =>
        seen((lean) => inner.patch(name, patch, { ...options, ...lean }), options),
      apply: (object, options) => seen((lean) => inner.apply(object, { ...options, ...lean }), options),
      async delete(name, options) {
        const left = await inner.delete(name, options);
        if (!options?.dryRun) {
          const key = keyOf({ metadata: namespace === undefined ? { name } : { name, namespace } });
          for (const informer of informers()) observeDelete(informer, { key, left, options });
        }
        return left;
      },
      deleteCollection: (selection, options) => inner.deleteCollection(selection, options),
      postSubresource: (name, subresource, body, options) =>
        inner.postSubresource(name, subresource, body, options),
    };
  }
}

/** Only a delete with a uid as precondition says which object it was that is gone. */
function observeDelete<T extends KubernetesObject>(
  informer: Informer<T>,
  answer: { readonly key: string; readonly left: T | undefined; readonly options: DeleteOptions | undefined },
): void {
  const uid = answer.options?.preconditions?.uid;
  if (answer.left) informer.observe(answer.left);
  else if (uid) informer.observeDeleted(answer.key, uid);
}

function pathId(resource: Resource): string {
  return `${resource.group}/${resource.resource}`;
}

function idOf<T extends KubernetesObject>(
  resource: Resource<T>,
  selection: InformerSelection<T>,
  projection: string | undefined,
): string {
  const { namespace = "", labelSelector = "", fieldSelector = "" } = selection;
  return [pathId(resource), resource.version, namespace, labelSelector, fieldSelector, projection ?? ""].join(
    "|",
  );
}
