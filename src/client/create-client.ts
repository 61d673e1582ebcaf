import {
  apiVersionOf,
  type KubernetesObject,
  type ObjectList,
  pathOf,
  type Resource,
  type Transport,
} from "#api";
import { badRequest, type Clock, type Random, systemClock, systemRandom } from "#base";
import type {
  ApplyOptions,
  Client,
  DeleteOptions,
  ListOptions,
  Patch,
  ReadOptions,
  ResourceClient,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import { Exchange } from "./exchange.ts";
import { listQuery, watchQuery, writeQuery } from "./query.ts";
import { watchBatches } from "./watch.ts";

export interface ClientOptions {
  readonly transport: Transport;
  /** Owner of the fields this client writes, unless a call names another. */
  readonly fieldManager?: string;
  /** The `User-Agent`; the field manager unless given. */
  readonly userAgent?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Reads an event of a watch, where many clients in one process are told the same; `JSON.parse` unless given. Nobody may change what it returns. */
  readonly parseEvent?: (line: string) => unknown;
}

/** A client that speaks through `transport`. */
export function createClient(options: ClientOptions): Client {
  const exchange = new Exchange({
    transport: options.transport,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    userAgent: options.userAgent ?? options.fieldManager ?? "nacre",
    parseEvent: options.parseEvent,
  });
  return {
    resource: (resource, namespace) =>
      new ExchangeResourceClient(exchange, resource, namespace, options.fieldManager),
    raw: (method, path, body, raw) =>
      exchange.answer({
        method,
        path,
        body,
        signal: raw?.signal,
        ...(raw?.accept ? { accept: raw.accept } : {}),
      }),
    close: () => exchange.close(),
  };
}

class ExchangeResourceClient<T extends KubernetesObject> implements ResourceClient<T> {
  readonly #exchange: Exchange;
  readonly #resource: Resource<T>;
  readonly #namespace: string | undefined;
  readonly #fieldManager: string | undefined;

  constructor(
    exchange: Exchange,
    resource: Resource<T>,
    namespace: string | undefined,
    fieldManager: string | undefined,
  ) {
    this.#exchange = exchange;
    this.#resource = resource;
    this.#namespace = namespace;
    this.#fieldManager = fieldManager;
  }

  get(name: string, options: ReadOptions = {}): Promise<T> {
    return this.#exchange.answer({
      method: "GET",
      path: this.#path({ name }),
      accept: acceptOf(options, "PartialObjectMetadata"),
      signal: options.signal,
    });
  }

  list(options: ListOptions = {}): Promise<ObjectList<T>> {
    return this.#exchange.answer({
      method: "GET",
      path: this.#path() + listQuery(options),
      accept: acceptOf(options, "PartialObjectMetadataList"),
      signal: options.signal,
    });
  }

  async *watch(options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    for await (const batch of this.watchBatches(options)) yield* batch;
  }

  watchBatches(options: WatchOptions = {}): AsyncIterable<readonly WatchEvent<T>[]> {
    return watchBatches<T>(this.#exchange, {
      method: "GET",
      path: this.#path() + watchQuery(options),
      accept: acceptOf(options, "PartialObjectMetadata"),
      signal: options.signal,
    });
  }

  create(object: T, options: WriteOptions = {}): Promise<T> {
    const namespace = this.#namespace ?? object.metadata?.namespace;
    const path = pathOf(this.#resource, namespace === undefined ? {} : { namespace });
    return this.#write("POST", path + writeQuery(options, this.#fieldManager), this.#typed(object), options);
  }

  update(object: T, options: WriteOptions = {}): Promise<T> {
    const path = this.#pathTo(object) + writeQuery(options, this.#fieldManager);
    return this.#write("PUT", path, this.#typed(object), options);
  }

  updateStatus(object: T, options: WriteOptions = {}): Promise<T> {
    const path = this.#pathTo(object, "status") + writeQuery(options, this.#fieldManager);
    return this.#write("PUT", path, this.#typed(object), options);
  }

  patch(name: string, patch: Patch, options: WriteOptions & { subresource?: string } = {}): Promise<T> {
    return this.#exchange.answer({
      method: "PATCH",
      path: this.#path({ name, ...subresourceOf(options) }) + writeQuery(options, this.#fieldManager),
      accept: acceptOf(options, "PartialObjectMetadata"),
      contentType: patchTypes[patch.type],
      body: patch.type === "json" ? patch.operations : patch.patch,
      signal: options.signal,
    });
  }

  apply(object: T, options: ApplyOptions & { subresource?: string }): Promise<T> {
    return this.#exchange.answer({
      method: "PATCH",
      path: this.#pathTo(object, options.subresource) + writeQuery(options),
      accept: acceptOf(options, "PartialObjectMetadata"),
      contentType: "application/apply-patch+yaml",
      body: this.#typed(object),
      signal: options.signal,
    });
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<T | undefined> {
    const answer = await this.#exchange.answer<T>({
      method: "DELETE",
      path: this.#path({ name }),
      body: deleteBody(options),
      signal: options.signal,
    });
    return livesOn(answer) ? answer : undefined;
  }

  async deleteCollection(selection: ListOptions, options: DeleteOptions = {}): Promise<void> {
    await this.#exchange.answer({
      method: "DELETE",
      path: this.#path() + listQuery(selection),
      body: deleteBody(options),
      signal: options.signal ?? selection.signal,
    });
  }

  postSubresource<B, R>(name: string, subresource: string, body: B, options: ReadOptions = {}): Promise<R> {
    return this.#exchange.answer<R>({
      method: "POST",
      path: this.#path({ name, subresource }),
      body,
      signal: options.signal,
    });
  }

  #write(method: "POST" | "PUT", path: string, body: T, options: WriteOptions): Promise<T> {
    const accept = acceptOf(options, "PartialObjectMetadata");
    return this.#exchange.answer({ method, path, accept, body, signal: options.signal });
  }

  #path(at: { name?: string; subresource?: string } = {}): string {
    return pathOf(this.#resource, this.#namespace === undefined ? at : { ...at, namespace: this.#namespace });
  }

  /** Where `object` is, by its own name and namespace. */
  #pathTo(object: T, subresource?: string): string {
    const { name, namespace } = object.metadata ?? {};
    if (!name) throw badRequest(`a ${this.#resource.kind} cannot be written without metadata.name`);
    const own = this.#namespace ?? namespace;
    return pathOf(this.#resource, {
      name,
      ...(own === undefined ? {} : { namespace: own }),
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  /** Items of lists come without kind and version; a write needs them. */
  #typed(object: T): T {
    if (object.kind && object.apiVersion) return object;
    return { apiVersion: apiVersionOf(this.#resource), kind: this.#resource.kind, ...object };
  }
}

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

function acceptOf(options: Pick<WatchOptions, "projection" | "omit">, projected: string): string {
  const projection = options.projection === "metadata" ? `;as=${projected};g=meta.k8s.io;v=v1` : "";
  return `application/json${projection}${options.omit ? `;omit=${options.omit}` : ""}`;
}

function subresourceOf(options: { subresource?: string }): { subresource?: string } {
  return options.subresource === undefined ? {} : { subresource: options.subresource };
}

function deleteBody(options: DeleteOptions): object | undefined {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  if ((gracePeriodSeconds ?? propagationPolicy ?? preconditions) === undefined && !dryRun) return undefined;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
}

/** A delete answers with a Status, or with the object: as it lives on, or (some kinds) as it was last. */
function livesOn(answer: KubernetesObject): boolean {
  if (answer.kind === "Status" || !answer.metadata?.deletionTimestamp) return false;
  return (
    (answer.metadata.deletionGracePeriodSeconds ?? 0) > 0 || (answer.metadata.finalizers?.length ?? 0) > 0
  );
}
