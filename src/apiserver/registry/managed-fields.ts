import { applyConfiguration, type JsonObject, type KubernetesObject, trackUpdate } from "#api";
import { timestamp } from "#base";
import type { ServedKind } from "./catalogue.ts";
import type { Machinery, WriteRequest } from "./machinery.ts";
import { hasSameShape } from "./shape.ts";

/** Notes who wrote which fields, in place, by comparing the object with what was stored. */
export function recordUpdate(
  machinery: Machinery,
  request: WriteRequest,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  if (!old && object.metadata && !object.metadata.managedFields && recordLikeLast(machinery, request, object))
    return;
  trackUpdate(object, { old, ...authorship(machinery, request) });
  if (!old) rememberCreated(request.kind, object);
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
 * The latest object of each kind that was created. What a controller creates is of one shape time after time, and
 * finding out who owns which fields is the dearest part of a create.
 */
const created = new WeakMap<ServedKind, KubernetesObject>();

function rememberCreated(kind: ServedKind, object: KubernetesObject): void {
  const [only, ...others] = object.metadata?.managedFields ?? [];
  if (!object.metadata || !only?.fieldsV1 || others.length > 0) return;
  // A fresh copy: sets that were built by adding and deleting are slow to write out, and this one is written often.
  const managedFields = [{ ...only, fieldsV1: JSON.parse(JSON.stringify(only.fieldsV1)) }];
  created.set(kind, { ...object, metadata: { ...object.metadata, managedFields } });
}

/** Takes over the fields that the latest object's creator owns, when this one has the same fields. */
function recordLikeLast(machinery: Machinery, request: WriteRequest, object: KubernetesObject): boolean {
  const last = created.get(request.kind);
  const fields = last?.metadata?.managedFields?.[0]?.fieldsV1;
  if (!last?.metadata || !fields) return false;
  const { managedFields: _, resourceVersion: __, ...metadata } = last.metadata;
  const likeness = { ...last, metadata } as unknown as JsonObject;
  if (!hasSameShape(likeness, object as JsonObject, request.kind.schema)) return false;
  const { manager, apiVersion, time } = authorship(machinery, request);
  if (object.metadata) {
    object.metadata.managedFields = [
      { manager, operation: "Update", apiVersion, time, fieldsType: "FieldsV1", fieldsV1: fields },
    ];
  }
  return true;
}
