import { parseAllDocuments } from "yaml";
import { builtInResources, type KubernetesObject } from "#api";
import { badRequest } from "#base";
import type { Client } from "#client";

/** Applies every object of a YAML text, in order, server-side; objects without a namespace go to `default`. */
export async function applyManifest(client: Client, manifest: string): Promise<void> {
  for (const document of parseAllDocuments(manifest)) {
    const object = document.toJS() as KubernetesObject | null;
    if (object === null) continue;
    const resource = builtInResources.find(
      (candidate) =>
        candidate.kind === object.kind &&
        (candidate.group ? `${candidate.group}/${candidate.version}` : candidate.version) ===
          object.apiVersion,
    );
    if (!resource)
      throw badRequest(`cannot apply ${object.apiVersion} ${object.kind}: there is no such kind`);
    const namespace = resource.namespaced ? (object.metadata?.namespace ?? "default") : undefined;
    await client.resource(resource, namespace).apply(object, { fieldManager: "nacre", force: true });
  }
}
