import { cloneJson, type JsonObject, type KubernetesObject, type ManagedFieldsEntry } from "#api";
import { applyConfiguration, trackUpdate } from "#api/behaviour";
import { timestamp } from "#base";
import { rememberedShapeFields, rememberedShapes } from "../limits.ts";
import { shareFieldSet } from "./bytes.ts";
import type { ServedKind } from "./catalogue.ts";
import type { Machinery, WriteRequest } from "./machinery.ts";
import { hasSameShape } from "./shape.ts";

/**
 * Notes who wrote which fields, in place, by comparing the object with what was stored. Called before admission and
 * preparation, so that nobody owns what the server puts in.
 */
export function recordUpdate(
  machinery: Machinery,
  request: WriteRequest,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  const tracking = { ...authorship(machinery, request), ignoredFields: ignoredFields(request) };
  // What a client says of owners holds for its object, and for no other of the same shape.
  const isLikeOthers = old === undefined && object.metadata?.managedFields === undefined;
  if (isLikeOthers && recordLikeEarlier(request.kind, object, tracking)) return;
  trackUpdate(object, { old, ...tracking });
  if (isLikeOthers) rememberCreated(request.kind, object);
}

/** Server-side apply: the object that results when `applied` is merged into what is stored. Throws Conflict. */
export function applyObject(
  machinery: Machinery,
  request: WriteRequest,
  old: KubernetesObject | undefined,
  applied: KubernetesObject,
  options: { readonly force: boolean },
): KubernetesObject {
  return applyConfiguration({
    live: old,
    configuration: applied,
    force: options.force,
    ignoredFields: ignoredFields(request),
    ...authorship(machinery, request),
  });
}

function authorship(machinery: Machinery, { kind, fieldManager, attributes }: WriteRequest) {
  return {
    schema: kind.schema,
    manager: fieldManager,
    apiVersion: kind.apiVersion,
    time: timestamp(machinery.clock),
    ...(attributes.subresource === undefined ? {} : { subresource: attributes.subresource }),
  };
}

/** The object and its status are written through different doors; what lies behind the other one is not looked at. */
function ignoredFields({ kind, attributes }: WriteRequest): readonly string[] {
  if (attributes.subresource === "status") return ["spec"];
  return Object.hasOwn(kind.definition.subresources, "status") ? ["status"] : [];
}

/**
 * The latest shapes of each kind that were created. What a controller creates is of one shape time after time, and
 * finding out who owns which fields is the dearest part of a create.
 */
const shapes = new WeakMap<ServedKind, CreatedShape[]>();

interface CreatedShape {
  /** The object as it was recorded, without its managed fields. */
  readonly object: JsonObject;
  readonly fieldsV1: NonNullable<ManagedFieldsEntry["fieldsV1"]>;
}

function rememberCreated(kind: ServedKind, object: KubernetesObject): void {
  const { managedFields = [], ...metadata } = object.metadata ?? {};
  const [only, ...others] = managedFields;
  if (!only?.fieldsV1 || others.length > 0) return;
  if (countFields(only.fieldsV1, rememberedShapeFields) > rememberedShapeFields) return;
  const known = shapes.get(kind) ?? [];
  shapes.set(kind, known);
  if (known.length >= rememberedShapes) known.shift();
  shareFieldSet(only.fieldsV1);
  known.push({
    object: cloneJson({ ...object, metadata } as unknown as JsonObject),
    fieldsV1: only.fieldsV1,
  });
}

/** How many nodes a field set has; counts hardly further than `enough`. */
function countFields(fields: object, enough: number): number {
  let count = 0;
  for (const child of Object.values(fields)) {
    count += 1 + countFields(child, enough - count);
    if (count > enough) break;
  }
  return count;
}

/** Takes over the fields that the creator of an earlier object of the same shape owns. */
function recordLikeEarlier(
  kind: ServedKind,
  object: KubernetesObject,
  { manager, apiVersion, time }: { manager: string; apiVersion: string; time: string },
): boolean {
  if (!object.metadata) return false;
  const same = shapes.get(kind)?.find((each) => hasSameShape(each.object, object as JsonObject, kind.schema));
  if (!same) return false;
  const fields = { fieldsType: "FieldsV1", fieldsV1: same.fieldsV1 };
  object.metadata.managedFields = [{ manager, operation: "Update", apiVersion, time, ...fields }];
  return true;
}
