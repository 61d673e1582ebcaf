import type { StatusCause } from "#base";
import type { KubernetesObject, Resource } from "../resource.ts";
import type { TableColumns } from "../table/columns.ts";

/**
 * All that the API server must know about a kind beyond the table of its fields: how it is completed, checked,
 * changed, shown and deleted. Everything here is pure and synchronous.
 *
 * The order of a write: decode (types checked against the schema, nulls dropped) → `defaults` → mutating admission →
 * `prepareFor…` → `validate…` → validating admission → managed fields → store. So these functions may trust types but
 * not that required fields are there.
 *
 * An `object` handed to a function that completes or prepares belongs to the request and is changed in place;
 * an `old` object is shared with other readers and is never changed. What is taken over from `old` is therefore
 * shared between the two: change it no further without copying.
 */
export interface KindDefinition<T extends KubernetesObject = KubernetesObject> {
  readonly resource: Resource<T>;
  /**
   * Where its objects are stored. Two resources of one storage are two faces of the same objects. Absent for kinds
   * that are answered and not kept: reviews, bindings.
   */
  readonly storage: Storage<T> | undefined;
  /** Whether a PUT to a name that does not exist creates it. */
  readonly createOnUpdate: boolean;

  /** Fills in what the author left out. Idempotent: run on every write and on apply's result. */
  defaults(object: T): void;

  /** On create: drops what only the system may say (status), sets generation 1. */
  prepareForCreate(object: T): void;
  /** On update of the object itself: keeps the old status, keeps what is silently immutable, bumps the generation on a changed spec. */
  prepareForUpdate(object: T, old: T): void;

  /** What is wrong with it, as `metav1.StatusCause`s with field paths; an empty list means valid. Checks metadata too. */
  validateCreate(object: T): StatusCause[];
  /** Checks the new object as on create, save what is wrong with the old one alike, and what may change. */
  validateUpdate(object: T, old: T): StatusCause[];

  /** By name as in the path: `status`, `scale`, `log`. */
  readonly subresources: Readonly<Record<string, SubresourceBehaviour<T>>>;

  /** What `kubectl get` shows. */
  readonly columns: TableColumns<T>;

  /** Which fields a field selector may name besides `metadata.name` and `metadata.namespace`; the value as a string. */
  readonly selectableFields: Readonly<Record<string, FieldReader<T>>>;

  readonly deletion: DeletionStrategy<T>;
}

/** Written as a method, so that the definition of a kind is a definition of any kind to those who hold many. */
export type FieldReader<T> = { read(object: T): string }["read"];

export interface Storage<T extends KubernetesObject> {
  /** Group and resource that name the place: `{ group: "", resource: "events" }`. */
  readonly group: string;
  readonly resource: string;
  /** `apiVersion` of what is stored. */
  readonly apiVersion: string;
  /** Conversions, when the stored form differs from the served one. Neither changes its argument; both may share parts of it. */
  readonly convert?: {
    toStored(object: T): KubernetesObject;
    fromStored(stored: KubernetesObject): T;
  };
}

export type SubresourceBehaviour<T extends KubernetesObject> =
  | PartSubresource<T>
  | ViewSubresource<T>
  | ActionSubresource
  | StreamSubresource;

/** The object itself, of which only a part is written: `status`, `ephemeralcontainers`, `resize`, `finalize`, `approval`. */
export interface PartSubresource<T extends KubernetesObject> {
  readonly type: "part";
  /** Top-level fields of the object in which the part lies. Beside them a write looks at `metadata` alone. */
  readonly fields: readonly string[];
  /** Keeps everything of `old` but the part. */
  prepareForUpdate(object: T, old: T): void;
  validateUpdate(object: T, old: T): StatusCause[];
}

/** Another document made from the object, written back into it: `scale`. */
export interface ViewSubresource<T extends KubernetesObject> {
  readonly type: "view";
  readonly apiVersion: string;
  readonly kind: string;
  read(object: T): KubernetesObject;
  validate(view: KubernetesObject): StatusCause[];
  /** Writes what the view says into `object`, a copy of the stored object that belongs to the request. */
  write(view: KubernetesObject, object: T): void;
}

/** A document that is posted and causes something: `binding`, `eviction`, `token`. The API server has the code. */
export interface ActionSubresource {
  readonly type: "action";
  readonly apiVersion: string;
  readonly kind: string;
}

/** A conversation, not a document: `log`, `exec`, `attach`, `portforward`, `proxy`. */
export interface StreamSubresource {
  readonly type: "stream";
}

export interface DeletionStrategy<T extends KubernetesObject> {
  /**
   * How long, in seconds, the object lives on after a delete was accepted; 0: it goes at once (once no finalizer holds it).
   * `requested` is the caller's `gracePeriodSeconds`.
   */
  gracePeriodSeconds(object: T, requested: number | undefined): number;
  /** True while something besides `metadata.finalizers` holds the object: a namespace's `spec.finalizers`. */
  isHeld(object: T): boolean;
  /** Called on the request's copy when it is marked for deletion: a namespace becomes `Terminating`. */
  markDeleted(object: T): void;
  /** What happens to dependents when the caller does not say. */
  readonly defaultPropagation: "Background" | "Orphan" | "Foreground";
}
