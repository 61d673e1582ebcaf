/**
 * Writes `src/api/definitions/*.json` from the reference: the OpenAPI v3 documents, discovery and protobuf numbers of
 * a Kubernetes version. Run by hand when that version changes, then read the difference:
 *
 *     node tools/generate/import-reference.ts [reference directory] && npx biome format --write src/api/definitions
 *
 * What the reference does not know and people wrote (hidden types, `pointer`) is kept from the present files.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  FieldDefinition,
  PackageDefinition,
  ResourceDefinition,
  SubresourceDefinition,
} from "../../src/api/definitions/definition.ts";
import { scalars } from "../../src/api/definitions/definition.ts";
import { definitionsDirectory, referenceDirectory } from "./places.ts";
import { printDefinition } from "./print-definition.ts";
import { readDefinitions } from "./read.ts";

interface OpenApiSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema;
  readonly allOf?: readonly OpenApiSchema[];
  readonly default?: unknown;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-unions"?: readonly object[];
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface OpenApiOperation {
  readonly "x-kubernetes-action"?: string;
  readonly "x-kubernetes-group-version-kind"?: GroupVersionKind;
  readonly responses?: Readonly<Record<string, unknown>>;
}

interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: GroupVersionKind;
  readonly scope: "Namespaced" | "Cluster";
  readonly singularResource: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: GroupVersionKind;
    readonly verbs: readonly string[];
  }[];
}

interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly DiscoveredResource[];
    }[];
  }[];
}

type ProtobufMessage = Readonly<Record<string, readonly [number: number, type: string]>>;
type ProtobufPackages = Readonly<Record<string, Readonly<Record<string, ProtobufMessage>>>>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const reference = process.argv[2] ?? referenceDirectory();
if (reference === undefined) throw new Error("no reference directory: give its path, or set NACRE_REFERENCE");

const documents = readDocuments(join(reference, "openapi-v3"));
const discovery = JSON.parse(
  readFileSync(join(reference, "discovery/aggregated_v2.json"), "utf8"),
) as Discovery;
const protobuf = JSON.parse(
  readFileSync(join(reference, "protobuf-fields.json"), "utf8"),
) as ProtobufPackages;
const scalarNames = new Map(
  Object.entries(scalars).flatMap(([name, openapi]) => (openapi ? [[openapi, name]] : [])),
);

const schemas = new Map<string, OpenApiSchema>();
for (const document of documents.values()) {
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) schemas.set(name, schema);
}

function writePackage(openapi: string, names: readonly string[]): void {
  const short = shortPackage(openapi);
  const file = join(definitionsDirectory, `${short}.json`);
  const present = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as PackageDefinition)
    : undefined;
  const served = names
    .map((name) => gvkOf(name))
    .find((gvk) => gvk !== undefined && openapi.startsWith("io.k8s.") && short !== "meta.v1");
  const types: Record<string, PackageDefinition["types"][string]> = {};
  for (const name of names) {
    const schema = schemas.get(name);
    if (schema === undefined || scalarNames.has(name) || name.endsWith(".v1.Patch")) continue;
    const short = name.slice(openapi.length + 1);
    types[short] = typeOf(openapi, short, schema, present);
  }
  for (const [name, type] of Object.entries(present?.types ?? {})) if (type.hidden) types[name] = type;
  const resources = served ? resourcesOf(served.group, served.version) : {};
  const definition: PackageDefinition = {
    openapi,
    protobuf: protobufPackage(openapi),
    ...(served ? { group: served.group, version: served.version } : {}),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    types: sorted(types),
  };
  writeFileSync(file, printDefinition(definition));
}

function typeOf(
  openapi: string,
  name: string,
  schema: OpenApiSchema,
  present: PackageDefinition | undefined,
): PackageDefinition["types"][string] {
  const gvks = schema["x-kubernetes-group-version-kind"] ?? [];
  const numbers = flatNumbers(protobufPackage(openapi), name);
  const fields: Record<string, FieldDefinition> = {};
  for (const [fieldName, property] of Object.entries(schema.properties ?? {})) {
    const kept = present?.types[name]?.fields[fieldName];
    const field = fieldOf(openapi, property) as Mutable<FieldDefinition>;
    const number = numbers.get(fieldName) ?? numbers.get(protobufSpelling(fieldName));
    if (number) {
      field.protobuf =
        number.path.length === 1 ? (number.path[0] as number) : (number.path as [number, ...number[]]);
      if (number.type.endsWith("ExtraValue>")) field.wire = "ExtraValue";
      if (number.type === "Verbs") field.wire = "Verbs";
    } else if (
      numbers.size > 0 &&
      !((fieldName === "kind" || fieldName === "apiVersion") && gvks.length > 0)
    ) {
      throw new Error(`no protobuf number for ${openapi}.${name}.${fieldName}`);
    }
    if (schema.required?.includes(fieldName)) field.required = true;
    if (kept?.pointer) field.pointer = true;
    if (kept?.wire) field.wire = kept.wire;
    fields[fieldName] = ordered(field);
  }
  return {
    ...(gvks.length > 1 ? { kind: "everywhere" } : gvks.length === 1 ? { kind: true } : {}),
    ...(schema["x-kubernetes-map-type"] === "atomic" ? { map: "atomic" } : {}),
    ...(schema["x-kubernetes-unions"] ? { unions: schema["x-kubernetes-unions"] } : {}),
    fields: sorted(fields),
  };
}

function fieldOf(openapi: string, property: OpenApiSchema): FieldDefinition {
  const list = property["x-kubernetes-list-type"];
  const keys = property["x-kubernetes-list-map-keys"];
  const map = property["x-kubernetes-map-type"];
  const patch = property["x-kubernetes-patch-strategy"];
  const mergeKey = property["x-kubernetes-patch-merge-key"];
  return {
    type: typeName(openapi, property),
    ...(property.default === undefined ? {} : { default: property.default }),
    ...(list ? { list } : {}),
    ...(keys ? { keys } : {}),
    ...(map ? { map } : {}),
    ...(patch ? { patch } : {}),
    ...(mergeKey ? { mergeKey } : {}),
  };
}

function typeName(openapi: string, property: OpenApiSchema): string {
  const ref = property.$ref ?? property.allOf?.[0]?.$ref;
  if (ref) {
    const full = ref.slice("#/components/schemas/".length);
    const scalar = scalarNames.get(full);
    if (scalar) return scalar;
    const owner = full.slice(0, full.lastIndexOf("."));
    const name = full.slice(owner.length + 1);
    return owner === openapi ? name : `${shortPackage(owner)}.${name}`;
  }
  if (property.type === "array") return `${typeName(openapi, property.items ?? {})}[]`;
  if (property.additionalProperties) return `map<${typeName(openapi, property.additionalProperties)}>`;
  if (property.type === "boolean") return "bool";
  if (property.type === "string") return property.format === "byte" ? "bytes" : "string";
  if (property.type === "integer" && property.format) return property.format;
  if (property.type === "number") return "double";
  throw new Error(`a shape the definitions cannot say: ${JSON.stringify(property)}`);
}

/** The fields of a message with those of the messages that JSON writes inline, each with its path of numbers. */
function flatNumbers(owner: string, name: string): Map<string, { path: number[]; type: string }> {
  const result = new Map<string, { path: number[]; type: string }>();
  for (const [field, [number, type]] of Object.entries(protobuf[owner]?.[name] ?? {})) {
    result.set(field, { path: [number], type });
    if (!inlined.has(field)) continue;
    for (const [inner, value] of flatNumbers(owner, type)) {
      if (!result.has(inner) || inner === "name")
        result.set(inner, { path: [number, ...value.path], type: value.type });
    }
  }
  return result;
}

/** Names that protobuf gives to what JSON writes inline, and spells otherwise than JSON. */
const inlined = new Set([
  "localObjectReference",
  "ephemeralContainerCommon",
  "persistentVolumeSource",
  "volumeSource",
  "handler",
  "ruleWithOperations",
  "rule",
  "ingressRuleValue",
  "deviceConfiguration",
]);

function protobufSpelling(field: string): string {
  if (field === "uid") return "uID";
  if (field === "apiGroup") return "aPIGroup";
  if (field === "webhooks") return "Webhooks";
  if (field === "expression") return "Expression";
  if (field === "name") return "Name";
  return field.replace(/^\$/, "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function resourcesOf(group: string, version: string): Record<string, ResourceDefinition> {
  const found = discovery.items
    .find((item) => item.metadata.name === group)
    ?.versions.find((item) => item.version === version);
  const resources: Record<string, ResourceDefinition> = {};
  for (const item of found?.resources ?? []) resources[item.resource] = discovered(item);
  const all = sorted(group === "" ? coreResources() : resources);
  for (const [name, resource] of Object.entries(all)) {
    const path = `${group === "" ? "/api" : `/apis/${group}`}/${version}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${name}/{name}`;
    if (answersDeleteWithObject(path)) all[name] = { ...resource, returnsDeleted: true };
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

function answersDeleteWithObject(path: string): boolean {
  for (const document of documents.values()) {
    const answer = JSON.stringify(document.paths?.[path]?.delete?.responses?.["200"] ?? "");
    if (answer.includes("$ref") && !answer.includes("meta.v1.Status")) return true;
  }
  return false;
}

/** The core group is not in the aggregated discovery of `/apis`: its resources follow from its paths. */
function coreResources(): Record<string, ResourceDefinition> {
  const found = new Map<
    string,
    {
      kind: string;
      namespaced: boolean;
      verbs: Set<string>;
      subs: Map<string, { kind: string; verbs: Set<string> }>;
    }
  >();
  for (const [path, operations] of Object.entries(documents.get("api__v1.json")?.paths ?? {})) {
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
  const result: Record<string, ResourceDefinition> = {};
  for (const [resource, entry] of found) {
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

function gvkOf(name: string): GroupVersionKind | undefined {
  const gvks = schemas.get(name)?.["x-kubernetes-group-version-kind"];
  return gvks?.length === 1 ? gvks[0] : undefined;
}

/** `io.k8s.api.apps.v1` → `apps.v1`; `io.k8s.apimachinery.pkg.version` → `version`. */
function shortPackage(openapi: string): string {
  const words = openapi.split(".");
  const last = words.at(-1) ?? "";
  return /^v\d/.test(last) ? `${words.at(-2)}.${last}` : last;
}

function protobufPackage(openapi: string): string {
  return openapi.replace(/^io\.k8s\./, "k8s.io.").replaceAll("-", "_");
}

function byPackage(names: readonly string[]): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const name of names) {
    const owner = name.slice(0, name.lastIndexOf("."));
    if (scalarNames.has(name) && !/\.v1$/.test(owner)) continue;
    result.set(owner, [...(result.get(owner) ?? []), name]);
  }
  return result;
}

function readDocuments(directory: string): Map<string, OpenApiDocument> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(join(directory, file), "utf8")) as OpenApiDocument]),
  );
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The order people read: what it is, then how it travels, then how it merges. */
function ordered(field: FieldDefinition): FieldDefinition {
  const { type, protobuf, wire, required, pointer, ...rest } = field;
  return {
    type,
    ...(protobuf === undefined ? {} : { protobuf }),
    ...(wire ? { wire } : {}),
    ...(required ? { required } : {}),
    ...(pointer ? { pointer } : {}),
    ...rest,
  };
}

mkdirSync(definitionsDirectory, { recursive: true });
for (const [openapi, names] of byPackage([...schemas.keys()])) writePackage(openapi, names);
for (const [owner, definition] of readDefinitions()) {
  if (Object.values(definition.types).every((type) => type.hidden)) {
    writeFileSync(join(definitionsDirectory, `${owner}.json`), printDefinition(definition));
  }
}
