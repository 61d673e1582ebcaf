import { createMergePatch, type JsonObject, jsonEqual, type KubernetesObject, type Resource } from "#api";
import type { Client } from "#client";

/**
 * Writes `status` where it differs from what the object has: only the difference, so that writers of other parts do not collide.
 * The uid in the patch keeps it from an object that took the name. With `ifUnchanged` it fails with Conflict when the object is
 * not the version seen any more. True when something was written.
 */
export async function patchStatus<T extends KubernetesObject & { status?: object }>(
  client: Client,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T["status"]>,
  { ifUnchanged = false }: { readonly ifUnchanged?: boolean } = {},
): Promise<boolean> {
  const old = (object.status ?? {}) as unknown as JsonObject;
  if (jsonEqual(old, status)) return false;
  const difference = createMergePatch(old, status as unknown as JsonObject);
  const { name = "", namespace, uid, resourceVersion } = object.metadata ?? {};
  const metadata = ifUnchanged ? { uid, resourceVersion } : { uid };
  const patch = { metadata, status: difference };
  await client.resource(resource, namespace).patch(name, { type: "merge", patch }, { subresource: "status" });
  return true;
}
