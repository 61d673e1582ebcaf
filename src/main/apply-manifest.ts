import { parseAllDocuments } from "yaml";
import { apiVersionOf, builtInResources, type KubernetesObject } from "#api";
import { badRequest } from "#base";
import type { Client } from "#client";

/** Applies every object of a YAML text, in order; objects without a namespace go to `default`. */
export async function applyManifest(client: Client, manifest: string): Promise<void> {
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as KubernetesObject | null);
  await applyObjects(
    client,
    objects.filter((object) => object !== null),
  );
}

/** Server-side apply as `nacre`: repeating it changes nothing. */
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
