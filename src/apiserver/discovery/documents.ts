import type { ServedKind } from "../registry/catalogue.ts";
import { groupVersionOf, type ServedGroup, type ServedVersion } from "./groups.ts";

/** `meta.k8s.io/v1 APIVersions`: the answer of `/api`. */
export function apiVersions(address: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

/** `APIGroupList`: the answer of `/apis`. The core group has its own place and is left out. */
export function groupList(groups: readonly ServedGroup[]): object {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.filter((group) => group.name !== "").map(groupEntry),
  };
}

/** `APIGroup`: the answer of `/apis/GROUP`. */
export function groupDocument(group: ServedGroup): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
}

/** `APIResourceList`: the answer of `/apis/GROUP/VERSION`. */
export function resourceList(group: ServedGroup, { version, kinds }: ServedVersion): object {
  return {
    kind: "APIResourceList",
    ...(group.name ? { apiVersion: "v1" } : {}),
    groupVersion: groupVersionOf(group.name, version),
    resources: kinds.flatMap(resourceEntries),
  };
}

/** `apidiscovery.k8s.io/v2 APIGroupDiscoveryList`: everything about the groups in one document. */
export function aggregated(groups: readonly ServedGroup[]): object {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: { ...(name ? { name } : {}), creationTimestamp: null },
      versions: versions.map(({ version, kinds }) => ({
        version,
        resources: kinds.map(aggregatedResource),
        freshness: "Current",
      })),
    })),
  };
}

function groupEntry({ name, versions }: ServedGroup): object {
  const entries = versions.map(({ version }) => ({ groupVersion: groupVersionOf(name, version), version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceEntries({ resource }: ServedKind): object[] {
  const { namespaced } = resource;
  return [
    {
      name: resource.resource,
      singularName: resource.singular,
      namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    },
    ...resource.subresources.map((subresource) => ({
      name: `${resource.resource}/${subresource.name}`,
      singularName: "",
      namespaced,
      ...(subresource.group === resource.group && subresource.version === resource.version
        ? {}
        : { group: subresource.group, version: subresource.version }),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ];
}

function aggregatedResource({ resource }: ServedKind): object {
  const { group, version, kind, shortNames, categories, subresources } = resource;
  return {
    resource: resource.resource,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: {
              group: subresource.group,
              version: subresource.version,
              kind: subresource.kind,
            },
            verbs: subresource.verbs,
          })),
        }
      : {}),
  };
}
