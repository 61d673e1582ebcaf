import { scalarSchemas } from "./built-in.ts";
import type { FieldSchema, TypeSchema } from "./type-schema.ts";

/** The part of a structural OpenAPI v3 schema that says shapes, defaults and merging. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly default?: unknown;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
}

/**
 * The schema of a custom kind, made from its definition. `metadata` is always ObjectMeta, `apiVersion` and `kind`
 * always strings, whatever the definition says.
 */
export function schemaFromOpenApi(root: StructuralSchema, kind: string, objectMeta: TypeSchema): TypeSchema {
  return resourceSchema(root, kind, objectMeta);
}

function resourceSchema(schema: StructuralSchema, name: string, objectMeta: TypeSchema): TypeSchema {
  const converted = convert({ ...schema, type: "object" }, name, objectMeta);
  const fields = new Map(converted.fields);
  for (const field of ["apiVersion", "kind"]) fields.set(field, plainField(field, scalarSchemas.string));
  fields.set("metadata", plainField("metadata", objectMeta));
  return { ...converted, shape: "object", element: undefined, fields };
}

function convert(schema: StructuralSchema, name: string, objectMeta: TypeSchema): TypeSchema {
  if (schema["x-kubernetes-int-or-string"]) return scalarSchemas.IntOrString;
  if (schema.type === "array") return listSchema(schema, name, objectMeta);
  if (schema.type === "object" || schema.properties) return objectSchema(schema, name, objectMeta);
  return scalarOf(schema);
}

function objectSchema(schema: StructuralSchema, name: string, objectMeta: TypeSchema): TypeSchema {
  const preservesUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const additional = schema.additionalProperties;
  const merge = schema["x-kubernetes-map-type"] === "atomic" ? "atomic" : "granular";
  const element = typeof additional === "object" ? convert(additional, name, objectMeta) : undefined;
  const fields = new Map<string, FieldSchema>();
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    const converted = property["x-kubernetes-embedded-resource"]
      ? resourceSchema(property, field, objectMeta)
      : convert(property, field, objectMeta);
    fields.set(field, {
      name: field,
      schema: converted,
      required: schema.required?.includes(field) ?? false,
      default: property.default,
      // What a custom kind is given stays as it is.
      emptyIsUnset: false,
      patch: undefined,
    });
  }
  const isMap = element !== undefined && fields.size === 0;
  return {
    shape: isMap ? "map" : "object",
    name,
    fields,
    element: isMap ? element : undefined,
    merge,
    keys: [],
    preservesUnknown: preservesUnknown || additional === true,
    omitsEmpty: false,
  };
}

function listSchema(schema: StructuralSchema, name: string, objectMeta: TypeSchema): TypeSchema {
  const type = schema["x-kubernetes-list-type"];
  return {
    shape: "list",
    name: `[]${name}`,
    fields: new Map(),
    element: schema.items ? convert(schema.items, name, objectMeta) : scalarSchemas.JSON,
    merge: type === "set" ? "set" : type === "map" ? "associative" : "atomic",
    keys: schema["x-kubernetes-list-map-keys"] ?? [],
    preservesUnknown: false,
    omitsEmpty: false,
  };
}

function scalarOf(schema: StructuralSchema): TypeSchema {
  switch (schema.type) {
    case "string":
      return scalarSchemas.string;
    case "boolean":
      return scalarSchemas.bool;
    case "integer":
      return schema.format === "int32" ? scalarSchemas.int32 : scalarSchemas.int64;
    case "number":
      return scalarSchemas.double;
    default:
      return scalarSchemas.JSON;
  }
}

function plainField(name: string, schema: TypeSchema): FieldSchema {
  return { name, schema, required: false, default: undefined, emptyIsUnset: false, patch: undefined };
}
