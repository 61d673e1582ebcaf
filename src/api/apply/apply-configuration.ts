import { cloneJson, type JsonObject } from "../json.ts";
import type { KubernetesObject } from "../resource.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { type Comparison, compare } from "./compare.ts";
import { conflictError, conflictsWith } from "./conflicts.ts";
import { type FieldSet, isEmptySet, sameSet, union, unionOfAll } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { isSameManager, type Manager, readManagers, withoutFields, writeManagers } from "./managed-fields.ts";
import { mergeConfiguration } from "./merge-configuration.ts";
import { prune } from "./prune.ts";

export interface Application {
  /** What is stored; absent when the apply creates it. Not changed. */
  readonly live: KubernetesObject | undefined;
  /** What the manager wants to be so. Not changed. */
  readonly configuration: KubernetesObject;
  readonly schema: TypeSchema;
  /** The request's `fieldManager`. */
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  /** Takes over what others own instead of failing. */
  readonly force?: boolean;
  /** RFC 3339. */
  readonly time: string;
  /** Top-level fields that this request may not write: `status` on the object itself. They are left out of the configuration. */
  readonly ignoredFields?: readonly string[];
}

/**
 * Server-side apply (KEP-555): merges a configuration into an object, removes what the manager no longer mentions and
 * nobody else owns, and records who owns what in `metadata.managedFields`. Returns a new object that shares nothing
 * with its arguments but the sets of fields. Applying the same again changes nothing, times included.
 *
 * Throws Conflict when others own what would change, unless `force`; BadRequest for a configuration that has no
 * meaning. Defaulting and validation are the caller's, afterwards.
 */
export function applyConfiguration(application: Application): KubernetesObject {
  const { live, schema } = application;
  const configuration = withoutIgnoredFields(application);
  const self: Manager = {
    name: application.manager,
    operation: "Apply",
    apiVersion: application.apiVersion,
    subresource: application.subresource ?? "",
    time: application.time,
    fields: fieldSetOf(configuration, schema),
  };
  const managers = managersBefore(application);
  const known = managers.find((manager) => isSameManager(manager, self));
  const others = managers.filter((manager) => manager !== known);

  const merged = mergeConfiguration(live === undefined ? {} : startFrom(live), configuration, schema);
  const saysTheSame = known !== undefined && sameSet(known.fields, self.fields);
  if (known !== undefined && !saysTheSame) {
    prune(merged, known.fields, ownedByAll([...others, self]), schema);
  }
  const { changed, removed } =
    live === undefined ? nothingBefore : compare(live as JsonObject, merged, schema);
  const conflicts = conflictsWith(others, changed);
  if (conflicts.length > 0 && !application.force) throw conflictError(conflicts);

  const isSame = saysTheSame && isEmptySet(changed) && isEmptySet(removed);
  const now = [...withoutFields(others, union(changed, removed)), isSame ? known : self];
  const result = merged as KubernetesObject;
  result.metadata ??= {};
  const entries = isSame ? (live?.metadata?.managedFields ?? []) : writeManagers(now);
  if (entries.length > 0) result.metadata.managedFields = [...entries];
  else delete result.metadata.managedFields;
  return result;
}

function startFrom(live: KubernetesObject): JsonObject {
  // Managed fields are large and are written anew: not worth copying.
  const { managedFields: _, ...metadata } = live.metadata ?? {};
  return cloneJson({ ...live, metadata } as KubernetesObject) as JsonObject;
}

function withoutIgnoredFields(application: Application): JsonObject {
  const configuration: JsonObject = { ...(application.configuration as JsonObject) };
  for (const field of application.ignoredFields ?? []) delete configuration[field];
  const { managedFields: _, ...metadata } = application.configuration.metadata ?? {};
  configuration.metadata = metadata as JsonObject;
  return configuration;
}

/** Where nothing was, nobody is in the way of what comes. */
const nothingBefore: Comparison = { changed: {}, removed: {} };

/** An object from before anybody kept track: what is there counts as one unknown manager's. */
function managersBefore({ live, schema, time, apiVersion }: Application): Manager[] {
  const managers = readManagers(live?.metadata?.managedFields);
  if (live === undefined || managers.length > 0) return managers;
  const fields = compare(undefined, live as JsonObject, schema).changed;
  return [{ name: "before-first-apply", operation: "Update", apiVersion, subresource: "", time, fields }];
}

function ownedByAll(managers: readonly Manager[]): FieldSet {
  return unionOfAll(managers.map((manager) => manager.fields));
}
