/**
 * Writes `src/api/definitions/*.json` from the reference: the OpenAPI v3 documents, discovery and protobuf numbers of
 * a Kubernetes version. Run by hand when that version changes (`npm run generate -- --import`, with `NACRE_REFERENCE`
 * saying where the reference lies), then `npm run format`, and read the difference.
 *
 * What the reference does not know and people wrote (hidden types, `pointer`) is kept from the present files.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FieldDefinition, PackageDefinition } from "../../src/api/definitions/definition.ts";
import { scalars } from "../../src/api/definitions/definition.ts";
import { orderOf, resourcesOf } from "./import-resources.ts";
import { definitionsDirectory, referenceDirectory } from "./places.ts";
import { printDefinition } from "./print-definition.ts";
import { readDefinitions } from "./read.ts";
import { type GroupVersionKind, type OpenApiSchema, readReference, sorted } from "./reference.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const directory = referenceDirectory();
if (directory === undefined)
  throw new Error("there is no reference to import: set NACRE_REFERENCE to its directory");

const reference = readReference(directory);
const { documents, protobuf } = reference;
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
  const resources = served ? resourcesOf(reference, served.group, served.version) : {};
  const definition: PackageDefinition = {
    openapi,
    protobuf: protobufPackage(openapi),
    ...(served
      ? {
          group: served.group,
          version: served.version,
          order: orderOf(reference, served.group, served.version),
        }
      : {}),
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
