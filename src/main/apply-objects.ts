import { apiVersionOf, builtInResources, type KubernetesObject } from "#api";
import { badRequest } from "#base";
import type { Client } from "#client";

/** Server-side apply as `nacre`, in order; objects without a namespace go to `default`. Repeating it changes nothing. */
export async function applyObjects(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) {
    const resource = builtInResources.find(
      (candidate) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion,
    );
    if (!resource)
      throw badRequest(`cannot apply ${object.apiVersion} ${object.kind}: there is no such kind`);
    const namespace = resource.namespaced ? (object.metadata?.namespace ?? "default") : undefined;
    await client.resource(resource, namespace).apply(object, { fieldManager: "nacre", force: true });
  }
}
