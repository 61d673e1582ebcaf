import type { FieldDefinition, TypeDefinition } from "../definitions/definition.ts";
import { tables } from "../generated/tables.ts";
import type { JsonObject } from "../json.ts";
import { definitionOf, fullName } from "../schema/built-in.ts";
import type { Pause } from "./pause.ts";

/** Our sentences about types and fields: `undefined` where none is written yet. */
export type Describe = (owner: string, typeOrField: string) => string | undefined;

/** The OpenAPI name of a type: `core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
export function openApiName(type: string): string {
  const dot = type.lastIndexOf(".");
  return `${tables[type.slice(0, dot)]?.openapi}.${type.slice(dot + 1)}`;
}

export interface DocumentOptions {
  readonly describe: Describe;
  readonly pause: Pause;
}

/** Some types are large; so many take well under 10 ms even when nothing is warm. */
const typesPerPiece = 25;

export function schemaRef(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/**
 * The schemas of `types` and of all that they refer to, by OpenAPI name, sorted. `served` is the group and version
 * whose document this is: kinds that belong to every one say so.
 */
export async function schemasOf(
  types: Iterable<string>,
  served: GroupVersion | undefined,
  { describe, pause }: DocumentOptions,
): Promise<JsonObject> {
  const found = new Map<string, JsonObject>();
  const pending = [...types];
  const seen = new Set<string>(pending);
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if (found.size % typesPerPiece === typesPerPiece - 1) await pause();
    const scalar = scalarSchemas[type];
    if (scalar) {
      const description = describe("scalars", type);
      found.set(scalar.name, { ...(description ? { description } : {}), ...scalar.schema });
      continue;
    }
    const owner = type.slice(0, type.lastIndexOf("."));
    const refer = (name: string): string => {
      const target = name in scalarSchemas ? name : fullName(name, owner);
      if (!seen.has(target)) {
        seen.add(target);
        pending.push(target);
      }
      return scalarSchemas[target]?.name ?? openApiName(target);
    };
    found.set(openApiName(type), typeSchema(type, definitionOf(type), served, describe, refer));
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The schema name of a type within another's package, noting that it is needed. */
type Refer = (name: string) => string;

function typeSchema(
  type: string,
  definition: TypeDefinition,
  served: GroupVersion | undefined,
  describe: Describe,
  refer: Refer,
): JsonObject {
  const owner = type.slice(0, type.lastIndexOf("."));
  const name = type.slice(owner.length + 1);
  const description = describe(owner, name);
  const properties: JsonObject = {};
  const required: string[] = [];
  for (const [field, value] of Object.entries(definition.fields)) {
    properties[field] = fieldSchema(value, describe(owner, `${name}.${field}`), refer);
    if (value.required) required.push(field);
  }
  const kinds = kindsOf(owner, name, definition, served);
  return {
    ...(description ? { description } : {}),
    type: "object",
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(kinds.length > 0 ? { "x-kubernetes-group-version-kind": kinds } : {}),
    ...(definition.map ? { "x-kubernetes-map-type": definition.map } : {}),
    ...(definition.unions ? { "x-kubernetes-unions": definition.unions as JsonObject[] } : {}),
  };
}

function kindsOf(
  owner: string,
  kind: string,
  definition: TypeDefinition,
  served: GroupVersion | undefined,
): JsonObject[] {
  if (definition.kind === undefined) return [];
  const { group = "", version = "v1" } = tables[owner] ?? {};
  const own = { group, kind, version };
  if (definition.kind === true || served === undefined || served.group === "") return [own];
  return [own, { group: served.group, kind, version: served.version }];
}

function fieldSchema(field: FieldDefinition, description: string | undefined, refer: Refer): JsonObject {
  const shape = shapeOf(field.type, refer);
  return {
    ...(description ? { description } : {}),
    // In OpenAPI 3.0 nothing may stand beside a reference.
    ...("$ref" in shape ? { allOf: [shape] } : shape),
    ...(field.default === undefined ? {} : { default: field.default as JsonObject }),
    ...(field.list ? { "x-kubernetes-list-type": field.list } : {}),
    ...(field.keys ? { "x-kubernetes-list-map-keys": [...field.keys] } : {}),
    ...(field.map ? { "x-kubernetes-map-type": field.map } : {}),
    ...(field.mergeKey ? { "x-kubernetes-patch-merge-key": field.mergeKey } : {}),
    ...(field.patch ? { "x-kubernetes-patch-strategy": field.patch } : {}),
  };
}

function shapeOf(type: string, refer: Refer): JsonObject {
  if (type.endsWith("[]")) return { type: "array", items: shapeOf(type.slice(0, -2), refer) };
  if (type.startsWith("map<"))
    return { type: "object", additionalProperties: shapeOf(type.slice(4, -1), refer) };
  return primitives[type] ?? schemaRef(refer(type));
}

const primitives: Readonly<Record<string, JsonObject>> = {
  string: { type: "string" },
  bytes: { type: "string", format: "byte" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
};

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
const extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

/** Types that the definitions take as one value and OpenAPI as schemas. */
const scalarSchemas: Readonly<Record<string, { readonly name: string; readonly schema: JsonObject }>> = {
  Quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: { oneOf: [{ type: "string" }, { type: "number" }] },
  },
  IntOrString: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  },
  Time: { name: `${meta}.Time`, schema: { type: "string", format: "date-time" } },
  MicroTime: { name: `${meta}.MicroTime`, schema: { type: "string", format: "date-time" } },
  FieldsV1: { name: `${meta}.FieldsV1`, schema: { type: "object" } },
  Patch: { name: `${meta}.Patch`, schema: { type: "object" } },
  RawExtension: { name: "io.k8s.apimachinery.pkg.runtime.RawExtension", schema: { type: "object" } },
  JSON: { name: `${extensions}.JSON`, schema: {} },
  JSONSchemaPropsOrArray: { name: `${extensions}.JSONSchemaPropsOrArray`, schema: {} },
  JSONSchemaPropsOrBool: { name: `${extensions}.JSONSchemaPropsOrBool`, schema: {} },
  JSONSchemaPropsOrStringArray: { name: `${extensions}.JSONSchemaPropsOrStringArray`, schema: {} },
};

/** The name of a type that may be one of those. */
export function schemaName(type: string): string {
  return scalarSchemas[type]?.name ?? openApiName(type);
}
