import type { KubernetesObject, ObjectList, Resource } from "#api";

/** A typed client of one API server. The same interface over HTTPS and in process. */
export interface Client {
  /** The objects of one kind: of one namespace when given, else of all (or of a cluster-scoped kind). */
  resource<T extends KubernetesObject>(resource: Resource<T>, namespace?: string): ResourceClient<T>;
  /** A request of any kind, for what is not a resource: `/version`, `/readyz`. JSON in, JSON (or plain text as a string) out; throws `ApiError`. */
  raw<T>(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    options?: RawOptions,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Every call throws `ApiError`, its `reason` as the server said; `ServiceUnavailable` when there was no answer. */
export interface ResourceClient<T extends KubernetesObject> {
  get(name: string, options?: ReadOptions): Promise<T>;
  list(options?: ListOptions): Promise<ObjectList<T>>;
  /** Ends when the server ends it; throws Expired when `resourceVersion` is gone. */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** The same watch, in the batches in which events arrive: cheaper for those who can take many at once. Never empty. */
  watchBatches(options?: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>;
  create(object: T, options?: WriteOptions): Promise<T>;
  update(object: T, options?: WriteOptions): Promise<T>;
  updateStatus(object: T, options?: WriteOptions): Promise<T>;
  patch(name: string, patch: Patch, options?: WriteOptions & { subresource?: string }): Promise<T>;
  /** Server-side apply. */
  apply(object: T, options: ApplyOptions & { subresource?: string }): Promise<T>;
  /** The object when it lives on for a while (finalizers, grace period), undefined when it is gone. */
  delete(name: string, options?: DeleteOptions): Promise<T | undefined>;
  deleteCollection(selection: ListOptions, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource: `binding`, `token`, `eviction`. */
  postSubresource<B, R>(name: string, subresource: string, body: B, options?: ReadOptions): Promise<R>;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** `metadata`: the server sends `PartialObjectMetadata`, so only `metadata` is there. */
  readonly projection?: "metadata";
}

export interface RawOptions {
  readonly signal?: AbortSignal;
  /** The `Accept` header; JSON unless given. */
  readonly accept?: string;
}

export interface ListOptions extends ReadOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
  /** Told to the server, which may leave them out: half of a small object. Servers that do not know it send all. */
  readonly omit?: "managedFields";
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions extends ReadOptions {
  /** As of a list: left out of the answer. */
  readonly omit?: "managedFields";
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  readonly force?: boolean;
}

export interface DeleteOptions extends ReadOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export type Patch =
  | { readonly type: "json"; readonly operations: readonly object[] }
  | { readonly type: "merge"; readonly patch: object }
  | { readonly type: "strategic"; readonly patch: object };

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly object: T };
