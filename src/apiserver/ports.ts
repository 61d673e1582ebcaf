import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { KubernetesObject, ObjectMeta, Resource } from "#api";
import type { Snapshot } from "#store";

/** Who asks: `authentication.k8s.io/v1 UserInfo`. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a request wants, taken from its path and method alone. */
export interface RequestAttributes {
  readonly user: User;
  /** get, list, watch, create, update, patch, delete, deletecollection; for non-resource paths the lower-case method. */
  readonly verb: string;
  /** The path without its query. */
  readonly path: string;
  /** Absent for non-resource paths such as `/healthz`. */
  readonly resource?: Resource;
  readonly namespace?: string;
  /** Object name; for get, list and watch with `metadata.name=X` as field selector, X. */
  readonly name?: string;
  readonly subresource?: string;
  /** The raw `fieldSelector` of a list or watch: what a node may list depends on it. */
  readonly fieldSelector?: string;
  /** The raw `labelSelector`, likewise. */
  readonly labelSelector?: string;
}

/** First stage: who is it? Undefined means: no credentials of mine; bad credentials throw Unauthorized. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<User | undefined> | User | undefined;
}

export interface Credentials {
  /** The verified client certificate's subject (CN → name, O → groups), if one was shown. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] };
  /** The `Authorization: Bearer` token, if any. */
  readonly bearerToken?: string;
}

/** Second stage: may they? The first opinion that is not `none` decides; no opinion means no. */
export interface Authorizer {
  authorize(attributes: RequestAttributes): Decision;
}

export interface Decision {
  readonly verdict: "allow" | "deny" | "none";
  /** Why, in words for the person who was refused, and for the audit. */
  readonly reason: string;
}

/** Third stage, for writes: what is being written. Mutating plugins change `object` in place. */
export interface AdmissionAttributes extends RequestAttributes {
  readonly resource: Resource;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  /** The new object (absent for DELETE); a parsed copy that belongs to this request. */
  readonly object: KubernetesObject | undefined;
  readonly oldObject: KubernetesObject | undefined;
  readonly dryRun: boolean;
  /** Reads other objects as of now. */
  readonly read: ObjectReader;
}

/** Parsed reads of stored objects, for admission and authorization. Shared: never change what they return. */
export interface ObjectReader {
  get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): T | undefined;
  list<T extends KubernetesObject>(resource: Resource<T>, namespace?: string): readonly T[];
}

/** Parsed objects and their changes, in commit order: what indexes (RBAC, the node graph) follow the store with. */
export interface ObjectFeed extends ObjectReader {
  /**
   * Calls `onChange` for every object there is now, before it returns, then for every commit, before the writer gets
   * its answer: whoever was granted something can use it with the next request. With `only`, for that object alone.
   */
  follow<T extends KubernetesObject>(
    resource: Resource<T>,
    onChange: (change: ObjectChange<T>) => void,
    only?: ObjectName,
  ): { close(): void };
}

export interface ObjectName {
  readonly name?: string;
  readonly namespace?: string;
}

/**
 * `object` is absent after a delete, `previous` before a creation. Each is parsed when it is asked for, and may lack managed fields. Shared:
 * never change them.
 */
export interface ObjectChange<T extends KubernetesObject> {
  readonly object: T | undefined;
  readonly previous: T | undefined;
  /** Of the object, or of the previous one if it was deleted: known without parsing. */
  readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "labels">;
}

/**
 * Writes of the API server itself (user `system:apiserver`, group `system:masters`), through defaulting, validation
 * and the registry, past authorization: what bootstrap and aggregation need. Throws `ApiError`.
 */
export interface ObjectWriter {
  create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T>;
  /** Replaces the object; Conflict when `metadata.resourceVersion` is stale. */
  update<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T>;
}

/**
 * Something computed, never stored: POST a question, get it back answered. Access and token reviews, and
 * `serviceaccounts/token`. The body was decoded, defaulted and validated as its own kind.
 */
export interface VirtualResource {
  handles(attributes: RequestAttributes): boolean;
  create(
    object: KubernetesObject,
    attributes: RequestAttributes,
    read: ObjectReader,
  ): Promise<KubernetesObject> | KubernetesObject;
}

/** One admission rule. Runs in the order of the registry: all `mutate`, then schema and kind validation, then all `validate`. Refuses by throwing `ApiError`. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Cheap test on the request alone, so that a plugin costs nothing where it has nothing to say. */
  handles(attributes: RequestAttributes & { operation: string }): boolean;
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/**
 * Takes part in the transaction that writes an object: allocations (service addresses, node ports) that must commit
 * or fail with it. Returns extra operations and preconditions; called again after a conflict.
 */
export interface TransactionParticipant {
  handles(resource: Resource): boolean;
  participate(
    write: { object: KubernetesObject | undefined; oldObject: KubernetesObject | undefined; dryRun: boolean },
    snapshot: Snapshot,
  ): Participation;
}

export interface Participation {
  /** The object to write instead, with what was allocated in it. The argument stays as it was: it may be asked again. */
  readonly object?: KubernetesObject;
  readonly preconditions: readonly { readonly key: string; readonly modRevision: number }[];
  readonly operations: readonly (
    | { readonly type: "put"; readonly key: string; readonly value: Uint8Array }
    | { readonly type: "delete"; readonly key: string }
  )[];
}

/**
 * Turns object bytes into what is stored and back: Secrets at rest. Sealed bytes never start with `{`, so the stamp
 * of the resource version passes them by; whoever opens them stamps what comes out.
 */
export interface Transformer {
  handles(resource: Resource): boolean;
  /** `key` is the store key, authenticated with the bytes. */
  seal(bytes: Uint8Array, key: string): Uint8Array;
  open(bytes: Uint8Array, key: string): Uint8Array;
}

/** Subresources that are conversations, not documents: log, exec, attach, portforward, proxy, and the node tunnel. */
export interface StreamHandler {
  /** Asked about subresources, and about paths that are no resource. */
  handles(attributes: RequestAttributes): boolean;
  /** A request without upgrade, e.g. `pods/log`. Writes the whole response; throws `ApiError` before the first byte. */
  serve?(request: StreamRequest, response: import("node:http").ServerResponse): Promise<void>;
  /** An HTTP/1.1 upgrade (WebSocket, tunnel). Throws `ApiError` before it has answered. */
  upgrade?(request: StreamRequest, socket: Duplex, head: Buffer): Promise<void>;
}

export interface StreamRequest {
  readonly attributes: RequestAttributes;
  readonly incoming: IncomingMessage;
  readonly query: URLSearchParams;
  readonly read: ObjectReader;
}

/** All that decides who may do what, made for one server by what reads its objects. */
export interface Security {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** In the order in which they run. */
  readonly admission: readonly AdmissionPlugin[];
  readonly participants: readonly TransactionParticipant[];
  readonly virtual: readonly VirtualResource[];
  readonly streams: readonly StreamHandler[];
}
