import type { KubernetesObject, Resource } from "#api";
import { type Clock, isExpired, type Logger, messageOf, type Random } from "#base";
import { backoffMs } from "./backoff.ts";
import { byNamespace, type FamilyFunction, type IndexFunction, keyOf, ObjectCache } from "./cache.ts";
import type { Client, ListOptions, WatchEvent } from "./client.ts";
import { type Kept, keptOf } from "./keep.ts";
import {
  healthyWatchMs,
  informerBackoffBaseMs,
  informerBackoffMaxMs,
  listPageSize,
  watchMaxSeconds,
  watchMinSeconds,
} from "./limits.ts";
import { compareRevisions } from "./revisions.ts";

export interface InformerOptions<T extends KubernetesObject> extends Kept<T> {
  readonly client: Client;
  readonly resource: Resource<T>;
  /** All namespaces unless given. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the informer. */
  readonly signal: AbortSignal;
}

/** Told of every change, in order, after the cache has it. `old` is what the cache held before. Must not throw. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  deleted?(object: T): void;
}

/**
 * The objects of one kind as they are on the server, kept current by list and watch, and ahead of it for one's own writes:
 * what `observe` is told is visible at once and never lost to an older event. So whoever writes reads their own writes,
 * and need not count what they expect.
 *
 * A broken watch resumes at the last revision; only when the server has forgotten that (410) is everything listed again,
 * and handlers are told the differences. Objects are shared by all readers: never change one. `metadata.managedFields` is dropped,
 * and whatever else `keep` leaves out.
 */
export class Informer<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  /** Resolves when the first list is in the cache; rejects when the informer ends before. */
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  /** Uids of objects that this process saw deleted before the watch told of it. */
  readonly #deleted = new Set<string>();
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #revision = "";
  #isSynced = false;
  /** What its signal says. To ask one that is made of others costs as much as taking in an event. */
  #isOver = false;
  #resolveSynced: () => void = () => {};

  constructor(options: InformerOptions<T>) {
    this.resource = options.resource;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal]);
    this.synced = new Promise((resolve, reject) => {
      this.#resolveSynced = resolve;
      const end = () => {
        this.#isOver = true;
        reject(this.#signal.reason);
      };
      this.#signal.addEventListener("abort", end, { once: true });
      // One that has ended already says so to nobody any more: whoever waits would wait for ever.
      if (this.#signal.aborted) end();
    });
    this.synced.catch(() => {});
    void this.#run();
  }

  /** What it leaves of objects. */
  get keep(): Kept<T>["keep"] {
    return this.#options.keep;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The server's revision up to which the cache is complete; empty before the first list. */
  get revision(): string {
    return this.#revision;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#cache.get(namespace ? `${namespace}/${name}` : name);
  }

  /** By `namespace/name`, or `name` for a cluster-scoped kind. */
  getByKey(key: string): T | undefined {
    return this.#cache.get(key);
  }

  /** All objects, or those of one namespace, as an array of their own. */
  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return [...this.#cache.values()];
    // Made for the first who asks: it is as large as the cache.
    this.#cache.addIndex("namespace", byNamespace);
    return this.#cache.byIndex("namespace", namespace);
  }

  values(): Iterable<T> {
    return this.#cache.values();
  }

  /** Adds an index; once per name, at any time. */
  addIndex(name: string, valuesOf: IndexFunction<T>, familiesOf?: FamilyFunction<T>): this {
    this.#cache.addIndex(name, valuesOf, familiesOf);
    return this;
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value);
  }

  /** The objects of one family of an index, those under one value together. */
  groups(name: string, family: string): Iterable<Iterable<T>> {
    return this.#cache.groups(name, family);
  }

  /** Tells `handler` of everything that is there (`added`), then of every change. Returns how to stop. */
  addHandler(handler: InformerHandler<T>): () => void {
    for (const object of [...this.#cache.values()]) this.#tell(handler, "added", object);
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Takes in what the server answered to a write, unless the watch has already told that or something newer. */
  observe(object: T): void {
    const revision = object.metadata?.resourceVersion;
    if (!this.#isSynced || !revision || compareRevisions(revision, this.#revision) <= 0) return;
    if (!this.#covers(object)) return;
    this.#put(keptOf(object, this.#options));
  }

  /** Takes in that the object with this key and uid is gone, as the server answered to a delete. */
  observeDeleted(key: string, uid: string): void {
    if (this.#cache.get(key)?.metadata?.uid !== uid) return;
    this.#deleted.add(uid);
    this.#remove(key);
  }

  /** Ends this informer; its cache stays as it is. */
  stop(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    const { clock, random, logger } = this.#options;
    let failures = 0;
    while (!this.#isOver) {
      const startedMs = clock.monotonicMs();
      try {
        if (this.#revision === "") await this.#list();
        await this.#watch();
        if (clock.monotonicMs() - startedMs >= healthyWatchMs) failures = 0;
        else failures += 1;
      } catch (error) {
        if (this.#isOver) return;
        const expired = isExpired(error);
        if (expired) this.#revision = "";
        else if (clock.monotonicMs() - startedMs >= healthyWatchMs) failures = 0;
        if (failures === 1) logger.warn(`watching ${this.resource.resource}: ${messageOf(error)}`);
        failures += 1;
        if (expired && failures === 1) continue;
      }
      if (failures === 0) continue;
      const limits = { baseMs: informerBackoffBaseMs, maxMs: informerBackoffMaxMs };
      await clock.sleep(backoffMs(failures - 1, limits, random), this.#signal).catch(() => {});
    }
  }

  async #list(): Promise<void> {
    const found = new Map<string, T>();
    let page: ListOptions = { ...this.#selection(), limit: listPageSize };
    let revision = "";
    for (;;) {
      const list = await this.#client().list(page);
      for (const object of list.items) found.set(keyOf(object), keptOf(object, this.#options));
      revision = list.metadata?.resourceVersion ?? "";
      const next = list.metadata?.continue;
      if (!next) break;
      page = { ...this.#selection(), limit: listPageSize, continue: next };
    }
    this.#replace(found, revision);
  }

  /** The cache becomes the list, except for own writes that are newer than it. */
  #replace(found: ReadonlyMap<string, T>, revision: string): void {
    for (const key of [...this.#cache.keys()]) {
      const own = this.#cache.get(key)?.metadata?.resourceVersion ?? "";
      if (!found.has(key) && compareRevisions(own, revision) <= 0) this.#remove(key);
    }
    const listed = new Set<string>();
    for (const object of found.values()) {
      listed.add(object.metadata?.uid ?? "");
      this.#put(object);
    }
    for (const uid of this.#deleted) if (!listed.has(uid)) this.#deleted.delete(uid);
    this.#revision = revision;
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#resolveSynced();
  }

  async #watch(): Promise<void> {
    const { random } = this.#options;
    const timeoutSeconds = watchMinSeconds + (random.uint32() % (watchMaxSeconds - watchMinSeconds));
    const batches = this.#client().watchBatches({
      ...this.#selection(),
      resourceVersion: this.#revision,
      allowWatchBookmarks: true,
      timeoutSeconds,
    });
    for await (const batch of batches) {
      if (this.#isOver) return;
      for (const event of batch) this.#take(event);
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === "DELETED") {
      const uid = event.object.metadata?.uid ?? "";
      const key = keyOf(event.object);
      if (!this.#deleted.delete(uid) && this.#cache.get(key)?.metadata?.uid === uid) this.#remove(key);
    } else if (event.type !== "BOOKMARK") {
      this.#put(keptOf(event.object, this.#options));
    }
    const revision = event.object.metadata?.resourceVersion;
    if (revision && compareRevisions(revision, this.#revision) > 0) this.#revision = revision;
  }

  #put(object: T): void {
    const uid = object.metadata?.uid ?? "";
    if (this.#deleted.has(uid)) return;
    const key = keyOf(object);
    const old = this.#cache.get(key);
    if (
      old &&
      compareRevisions(object.metadata?.resourceVersion ?? "", old.metadata?.resourceVersion ?? "") <= 0
    ) {
      return;
    }
    if (old && old.metadata?.uid !== uid) {
      this.#remove(key);
      this.#cache.put(key, object);
      this.#tellAll("added", object);
    } else {
      this.#cache.put(key, object);
      if (old) this.#tellAll("updated", object, old);
      else this.#tellAll("added", object);
    }
  }

  #remove(key: string): void {
    const old = this.#cache.get(key);
    if (!old) return;
    this.#cache.delete(key);
    this.#tellAll("deleted", old);
  }

  /** Whether an object from elsewhere belongs here; an informer with selectors takes only what its watch says. */
  #covers(object: T): boolean {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    if (labelSelector || fieldSelector) return this.#cache.get(keyOf(object)) !== undefined;
    return namespace === undefined || object.metadata?.namespace === namespace;
  }

  #tellAll(change: "added" | "updated" | "deleted", object: T, old?: T): void {
    for (const handler of this.#handlers) this.#tell(handler, change, object, old);
  }

  /** A handler's bug must not stop the others, nor the watch. */
  #tell(handler: InformerHandler<T>, change: "added" | "updated" | "deleted", object: T, old?: T): void {
    try {
      if (change === "updated") handler.updated?.(object, old as T);
      else handler[change]?.(object);
    } catch (error) {
      const { logger, resource } = this.#options;
      logger.error(`a handler of ${resource.resource} failed on ${keyOf(object)}`, { error });
    }
  }

  #client() {
    return this.#options.client.resource(this.resource, this.#options.namespace);
  }

  #selection(): ListOptions {
    const { labelSelector, fieldSelector, projection } = this.#options;
    return {
      signal: this.#signal,
      omit: "managedFields",
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(projection === undefined ? {} : { projection }),
    };
  }
}
