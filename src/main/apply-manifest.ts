import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "#api";
import type { Client } from "#client";
import { applyObjects } from "./apply-objects.ts";

/** Applies every object of a YAML text, in order; objects without a namespace go to `default`. */
export async function applyManifest(client: Client, manifest: string): Promise<void> {
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as KubernetesObject | null);
  await applyObjects(
    client,
    objects.filter((object) => object !== null),
  );
}
