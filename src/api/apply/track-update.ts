import { type JsonObject, jsonEqual } from "../json.ts";
import type { ManagedFieldsEntry, ObjectMeta } from "../object.ts";
import type { KubernetesObject } from "../resource.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { compare } from "./compare.ts";
import { difference, isEmptySet, union } from "./field-set.ts";
import {
  isSameManager,
  isUnderstood,
  type Manager,
  readManagers,
  withFields,
  writeManagers,
} from "./managed-fields.ts";

export interface UpdateTracking {
  /** What is stored; absent on create. */
  readonly old: KubernetesObject | undefined;
  readonly schema: TypeSchema;
  /** Who writes: the request's `fieldManager`, or what its User-Agent says. */
  readonly manager: string;
  readonly apiVersion: string;
  /** Empty or absent for the object itself. */
  readonly subresource?: string;
  /** RFC 3339. */
  readonly time: string;
  /** Top-level fields that this request does not write, whatever the server put into them: `status` on the object itself. */
  readonly ignoredFields?: readonly string[];
}

/**
 * Writes into `object.metadata.managedFields` who now owns what, after a write that is not an apply: the writer owns
 * what it changed, nobody owns what is gone. To be called on the object as it will be stored. A write that changes
 * nothing leaves the entries as they are.
 */
export function trackUpdate(object: KubernetesObject, tracking: UpdateTracking): void {
  const metadata = metadataOf(object);
  const base = baseEntries(metadata, tracking.old);
  const { changed, removed } = compare(
    tracking.old as JsonObject | undefined,
    object as JsonObject,
    tracking.schema,
    tracking.ignoredFields,
  );
  if (isEmptySet(changed) && isEmptySet(removed)) {
    setEntries(metadata, base);
    return;
  }
  const self: Manager = {
    name: tracking.manager,
    operation: "Update",
    apiVersion: tracking.apiVersion,
    subresource: tracking.subresource ?? "",
    time: tracking.time,
    fields: changed,
  };
  const gone = union(changed, removed);
  const managers = readManagers(base).map((manager) =>
    isSameManager(manager, self) && !isEmptySet(changed)
      ? withFields(self, union(difference(manager.fields, removed), changed))
      : withFields(manager, difference(manager.fields, gone)),
  );
  const isKnown = managers.some((manager) => isSameManager(manager, self));
  setEntries(metadata, writeManagers(isKnown ? managers : [...managers, self]));
}

/**
 * The entries to start from: what the request says when it says something meaningful (clients may edit them), else what
 * is stored. A list of one empty entry asks to forget all owners.
 */
function baseEntries(metadata: ObjectMeta, old: KubernetesObject | undefined): readonly ManagedFieldsEntry[] {
  const given = metadata.managedFields;
  const stored = old?.metadata?.managedFields ?? [];
  // Patches and careful clients bring back what they found: it is known to be understood, and its sets can be shared.
  if (given === undefined || given.length === 0 || jsonEqual(given, stored)) return stored;
  const [only] = given;
  if (given.length === 1 && only !== undefined && Object.keys(only).length === 0) return [];
  const understood = given.filter(isUnderstood);
  return understood.length === 0 ? stored : understood;
}

function metadataOf(object: KubernetesObject): ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

function setEntries(metadata: ObjectMeta, entries: readonly ManagedFieldsEntry[]): void {
  if (entries.length === 0) delete metadata.managedFields;
  else metadata.managedFields = [...entries];
}
