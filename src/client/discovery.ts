import type { Resource } from "#api";
import type { Client } from "./client.ts";

/**
 * Every kind the server serves, in the version it prefers, from the aggregated discovery documents (Kubernetes ≥ 1.27):
 * what a controller over all kinds works on.
 */
export async function discover(client: Client, signal?: AbortSignal): Promise<readonly Resource[]> {
  const options = { accept: aggregated, ...(signal ? { signal } : {}) };
  const documents = await Promise.all([
    client.raw<DiscoveryList>("GET", "/api", undefined, options),
    client.raw<DiscoveryList>("GET", "/apis", undefined, options),
  ]);
  return documents.flatMap((document) => (document.items ?? []).flatMap(resourcesOf));
}

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** `apidiscovery.k8s.io/v2 APIGroupDiscoveryList`, as far as it is read here. */
interface DiscoveryList {
  items?: DiscoveryGroup[];
}

interface DiscoveryGroup {
  metadata?: { name?: string };
  versions?: { version?: string; freshness?: string; resources?: DiscoveryResource[] }[];
}

interface DiscoveryResource {
  resource?: string;
  responseKind?: GroupVersionKind;
  scope?: string;
  singularResource?: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: { subresource?: string; responseKind?: GroupVersionKind; verbs?: string[] }[];
}

interface GroupVersionKind {
  group?: string;
  version?: string;
  kind?: string;
}

/** The first version in which a group lists a resource is the one it prefers. */
function resourcesOf(group: DiscoveryGroup): Resource[] {
  const found = new Map<string, Resource>();
  for (const { version = "", resources = [] } of group.versions ?? []) {
    for (const entry of resources) {
      const resource = entry.resource ?? "";
      if (!found.has(resource)) found.set(resource, described(group.metadata?.name ?? "", version, entry));
    }
  }
  return [...found.values()];
}

function described(group: string, version: string, entry: DiscoveryResource): Resource {
  return {
    group,
    version,
    kind: entry.responseKind?.kind ?? "",
    resource: entry.resource ?? "",
    singular: entry.singularResource ?? "",
    namespaced: entry.scope === "Namespaced",
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    verbs: entry.verbs ?? [],
    subresources: (entry.subresources ?? []).map((below) => ({
      name: below.subresource ?? "",
      group: below.responseKind?.group ?? "",
      version: below.responseKind?.version ?? "",
      kind: below.responseKind?.kind ?? "",
      verbs: below.verbs ?? [],
    })),
  };
}
