import type { ResourceDefinition, SubresourceDefinition } from "../../src/api/definitions/definition.ts";
import {
  type DiscoveredResource,
  type GroupVersionKind,
  type OpenApiOperation,
  type Reference,
  sorted,
} from "./reference.ts";

/** The resources of a group and version, by plural name. */
export function resourcesOf(
  reference: Reference,
  group: string,
  version: string,
): Record<string, ResourceDefinition> {
  const found = reference.discovery.items
    .find((item) => item.metadata.name === group)
    ?.versions.find((item) => item.version === version);
  const resources: Record<string, ResourceDefinition> = {};
  for (const item of found?.resources ?? []) resources[item.resource] = discovered(item);
  const all = sorted(group === "" ? coreResources(reference) : resources);
  for (const [name, resource] of Object.entries(all)) {
    const path = `${group === "" ? "/api" : `/apis/${group}`}/${version}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${name}/{name}`;
    if (answersDeleteWithObject(reference, path)) all[name] = { ...resource, returnsDeleted: true };
  }
  return all;
}

function discovered(item: DiscoveredResource): ResourceDefinition {
  const subresources = Object.fromEntries(
    (item.subresources ?? []).map((sub) => [
      sub.subresource,
      { kind: kindName(sub.responseKind), verbs: sub.verbs },
    ]),
  );
  return {
    kind: item.responseKind.kind,
    singular: item.singularResource,
    namespaced: item.scope === "Namespaced",
    ...(item.shortNames ? { shortNames: item.shortNames } : {}),
    ...(item.categories ? { categories: item.categories } : {}),
    verbs: item.verbs,
    ...(item.subresources ? { subresources: sorted(subresources) } : {}),
  };
}

function answersDeleteWithObject(reference: Reference, path: string): boolean {
  for (const document of reference.documents.values()) {
    const answer = JSON.stringify(document.paths?.[path]?.delete?.responses?.["200"] ?? "");
    if (answer.includes("$ref") && !answer.includes("meta.v1.Status")) return true;
  }
  return false;
}

/** The core group is not in the aggregated discovery of `/apis`: its resources follow from its paths. */
function coreResources(reference: Reference): Record<string, ResourceDefinition> {
  const result: Record<string, ResourceDefinition> = {};
  for (const [resource, entry] of resourcesInPaths(reference)) {
    const verbs = [...entry.verbs];
    if (verbs.includes("list") && verbs.includes("create")) verbs.push("watch");
    const subresources: Record<string, SubresourceDefinition> = {};
    for (const [name, sub] of entry.subs)
      subresources[name] = { kind: sub.kind, verbs: [...sub.verbs].sort() };
    result[resource] = {
      kind: entry.kind,
      singular: entry.kind.toLowerCase(),
      namespaced: entry.namespaced,
      ...(coreShortNames[resource] ? { shortNames: coreShortNames[resource] } : {}),
      ...(coreInAll.has(resource) ? { categories: ["all"] } : {}),
      verbs: verbs.sort(),
      ...(entry.subs.size > 0 ? { subresources: sorted(subresources) } : {}),
    };
  }
  return result;
}

interface ResourceInPaths {
  kind: string;
  namespaced: boolean;
  readonly verbs: Set<string>;
  readonly subs: Map<string, { readonly kind: string; readonly verbs: Set<string> }>;
}

function resourcesInPaths(reference: Reference): Map<string, ResourceInPaths> {
  const found = new Map<string, ResourceInPaths>();
  for (const [path, operations] of Object.entries(reference.documents.get("api__v1.json")?.paths ?? {})) {
    const match =
      /^\/api\/v1\/(namespaces\/\{namespace\}\/)?([a-z]+)(?:\/\{name\}(?:\/([a-z]+))?)?(\/\{path\})?$/.exec(
        path,
      );
    if (!match) continue;
    const [, scope, resource = "", subresource] = match;
    for (const [method, operation] of Object.entries(operations)) {
      const gvk = operation["x-kubernetes-group-version-kind"];
      // Connecting answers HEAD and OPTIONS too, but they are no verbs.
      if (!gvk || method === "parameters" || method === "head" || method === "options") continue;
      const entry = found.get(resource) ?? { kind: "", namespaced: false, verbs: new Set(), subs: new Map() };
      found.set(resource, entry);
      if (scope) entry.namespaced = true;
      if (subresource === undefined) {
        entry.kind = gvk.kind;
        entry.verbs.add(verbOf(method, operation));
      } else {
        const sub = entry.subs.get(subresource) ?? { kind: kindName(gvk, "v1"), verbs: new Set<string>() };
        entry.subs.set(subresource, sub);
        sub.verbs.add(verbOf(method, operation));
      }
    }
  }
  return found;
}

const coreShortNames: Readonly<Record<string, readonly string[]>> = {
  componentstatuses: ["cs"],
  configmaps: ["cm"],
  endpoints: ["ep"],
  events: ["ev"],
  limitranges: ["limits"],
  namespaces: ["ns"],
  nodes: ["no"],
  persistentvolumeclaims: ["pvc"],
  persistentvolumes: ["pv"],
  pods: ["po"],
  replicationcontrollers: ["rc"],
  resourcequotas: ["quota"],
  serviceaccounts: ["sa"],
  services: ["svc"],
};
const coreInAll: ReadonlySet<string> = new Set(["pods", "replicationcontrollers", "services"]);

function verbOf(method: string, operation: OpenApiOperation): string {
  const action = operation["x-kubernetes-action"];
  if (action === "list" || action === "deletecollection" || action === "watch") return action;
  if (action === "connect") return connectVerbs[method] ?? method;
  return { post: "create", put: "update" }[method] ?? method;
}

const connectVerbs: Readonly<Record<string, string>> = { post: "create", put: "update" };

function kindName(gvk: GroupVersionKind, ownVersion = ""): string {
  const version = gvk.version === ownVersion && gvk.group === "" ? "" : gvk.version;
  return version === "" ? gvk.kind : `${gvk.group ? `${gvk.group}/` : ""}${version} ${gvk.kind}`;
}

/** The core group, then the groups and their versions as discovery lists them. */
export function orderOf(reference: Reference, group: string, version: string): number {
  const listed = reference.discovery.items.flatMap((item) =>
    item.versions.map((each) => `${item.metadata.name}/${each.version}`),
  );
  return listed.indexOf(`${group}/${version}`) + 1;
}
