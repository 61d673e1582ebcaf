import { applyConfiguration, type KubernetesObject, trackUpdate } from "#api";
import { timestamp } from "#base";
import type { Machinery, WriteRequest } from "./machinery.ts";

/** Notes who wrote which fields, in place, by comparing the object with what was stored. */
export function recordUpdate(
  machinery: Machinery,
  request: WriteRequest,
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  trackUpdate(object, { old, ...authorship(machinery, request) });
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
