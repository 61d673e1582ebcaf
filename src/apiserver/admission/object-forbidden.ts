import { ApiError, type StatusCause } from "#base";
import type { AdmissionAttributes } from "../ports.ts";

/** Refuses what is being written, by name; by `generateName` when it has no name yet. */
export function objectForbidden(
  attributes: AdmissionAttributes,
  why: string,
  causes?: readonly StatusCause[],
): ApiError {
  const { resource, object, name: asked } = attributes;
  const name = asked ?? (object?.metadata?.name || object?.metadata?.generateName) ?? "";
  const qualified = resource.group ? `${resource.resource}.${resource.group}` : resource.resource;
  const what = name ? `${qualified} "${name}"` : qualified;
  return new ApiError("Forbidden", `${what} is forbidden: ${why}`, {
    details: {
      ...(name ? { name } : {}),
      ...(resource.group ? { group: resource.group } : {}),
      kind: resource.resource,
      ...(causes ? { causes } : {}),
    },
  });
}
