import type { FieldDefinition, TypeDefinition } from "../definitions/definition.ts";
import { tables } from "../generated/tables.ts";
import type { FieldSchema, PatchRule, Shape, TypeSchema } from "./type-schema.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The schema of a built-in kind, lists and options among them (`PodList`, `DeleteOptions`); undefined for any other. */
export function schemaOf(kind: GroupVersionKind): TypeSchema | undefined {
  const type = typeOf(kind);
  return type === undefined ? undefined : schemaOfType(type);
}

/**
 * The type of a built-in kind by its full name, `apps.v1.Deployment`; undefined for any other kind. The kinds of
 * `meta.v1` (`DeleteOptions`, `Status`) belong to every group and version, custom ones too.
 */
export function typeOf(kind: GroupVersionKind): string | undefined {
  const owner = packages.get(`${kind.group}/${kind.version}`);
  if (owner !== undefined && isKind(owner, kind.kind)) return `${owner}.${kind.kind}`;
  return isKind("meta.v1", kind.kind) ? `meta.v1.${kind.kind}` : undefined;
}

/** The schema of a built-in type by its full name: `core.v1.PodSpec`. Throws for a name that is not in the tables. */
export function schemaOfType(type: string): TypeSchema {
  let schema = schemas.get(type);
  if (schema === undefined) {
    schema = new ObjectSchema(type);
    schemas.set(type, schema);
  }
  return schema;
}

/** The definition of a type by its full name, parsed anew: keep what you make of it, not the definition. */
export function definitionOf(type: string): TypeDefinition {
  const dot = type.lastIndexOf(".");
  const text = tables[type.slice(0, dot)]?.types[type.slice(dot + 1)];
  if (text === undefined) throw new Error(`no type ${type} in the tables`);
  return JSON.parse(text) as TypeDefinition;
}

/** `PodSpec` as written in the package `core.v1` → `core.v1.PodSpec`; full names stay. */
export function fullName(type: string, owner: string): string {
  return type.includes(".") ? type : `${owner}.${type}`;
}

const schemas = new Map<string, TypeSchema>();
const noFields: ReadonlyMap<string, FieldSchema> = new Map();
const noKeys: readonly string[] = [];

/** The package of every group and version, the one of the kinds that have none of their own included. */
const packages: ReadonlyMap<string, string> = new Map([
  ...Object.entries(tables).flatMap(([owner, { group, version }]): [string, string][] =>
    version === undefined ? [] : [[`${group ?? ""}/${version}`, owner]],
  ),
  ["meta.k8s.io/v1", "meta.v1"],
]);

function isKind(owner: string, name: string): boolean {
  const types = tables[owner]?.types;
  return types !== undefined && Object.hasOwn(types, name) && types[name]?.startsWith('{"kind":') === true;
}

/** A struct type, its fields made when first looked at: types refer to one another, and most are never used. */
class ObjectSchema implements TypeSchema {
  readonly shape: Shape = "object";
  readonly name: string;
  readonly element: TypeSchema | undefined = undefined;
  readonly keys: readonly string[] = noKeys;
  readonly preservesUnknown: boolean = false;
  readonly omitsEmpty: boolean = true;
  readonly #type: string;
  #fields: ReadonlyMap<string, FieldSchema> | undefined = undefined;
  #merge: TypeSchema["merge"] = "granular";

  constructor(type: string) {
    this.#type = type;
    this.name = type.slice(type.indexOf(".") + 1);
  }

  get fields(): ReadonlyMap<string, FieldSchema> {
    this.#fields ??= this.#compile();
    return this.#fields;
  }

  get merge(): TypeSchema["merge"] {
    this.#fields ??= this.#compile();
    return this.#merge;
  }

  #compile(): ReadonlyMap<string, FieldSchema> {
    const definition = definitionOf(this.#type);
    if (definition.map === "atomic") this.#merge = "atomic";
    const owner = this.#type.slice(0, this.#type.lastIndexOf("."));
    const fields = new Map<string, FieldSchema>();
    if (definition.kind) {
      for (const name of ["apiVersion", "kind"]) fields.set(name, typeMetaField(name));
    }
    for (const [name, field] of Object.entries(definition.fields))
      fields.set(name, fieldOf(name, field, owner));
    return fields;
  }
}

function typeMetaField(name: string): FieldSchema {
  return {
    name,
    schema: scalarSchemas.string,
    required: false,
    default: undefined,
    emptyIsUnset: false,
    patch: undefined,
  };
}

function fieldOf(name: string, field: FieldDefinition, owner: string): FieldSchema {
  return {
    name,
    schema: schemaFor(field.type, field, owner),
    required: field.required === true,
    default: field.default,
    emptyIsUnset: field.type === "string" && Boolean(field.default) && field.pointer !== true,
    patch: patchRuleOf(field),
  };
}

function schemaFor(type: string, field: FieldDefinition, owner: string): TypeSchema {
  if (type.endsWith("[]")) return listSchema(type.slice(0, -2), field, owner);
  if (type.startsWith("map<")) {
    const element = schemaFor(type.slice(4, -1), plain, owner);
    return composite(
      "map",
      `map[string]${element.name}`,
      element,
      field.map === "atomic" ? "atomic" : "granular",
    );
  }
  const scalar = (scalarSchemas as Readonly<Record<string, TypeSchema>>)[type];
  if (scalar !== undefined) return scalar;
  if (type.startsWith("JSONSchemaPropsOr")) {
    return composite("either", type, schemaOfType(`${owner}.JSONSchemaProps`), "atomic");
  }
  const schema = schemaOfType(fullName(type, owner));
  return field.map === undefined ? schema : new OverriddenSchema(schema, field.map);
}

function listSchema(element: string, field: FieldDefinition, owner: string): TypeSchema {
  const schema = schemaFor(element, plain, owner);
  const merge = field.list === "set" ? "set" : field.list === "map" ? "associative" : "atomic";
  return composite("list", `[]${schema.name}`, schema, merge, field.keys);
}

const plain: FieldDefinition = { type: "" };

function composite(
  shape: Shape,
  name: string,
  element: TypeSchema,
  merge: TypeSchema["merge"],
  keys: readonly string[] = noKeys,
): TypeSchema {
  return { shape, name, fields: noFields, element, merge, keys, preservesUnknown: false, omitsEmpty: false };
}

/** A struct that one field merges otherwise than its type says. */
class OverriddenSchema implements TypeSchema {
  readonly shape: Shape = "object";
  readonly name: string;
  readonly element: TypeSchema | undefined = undefined;
  readonly merge: TypeSchema["merge"];
  readonly keys: readonly string[] = noKeys;
  readonly preservesUnknown: boolean = false;
  readonly omitsEmpty: boolean = true;
  readonly #schema: TypeSchema;

  constructor(schema: TypeSchema, merge: "atomic" | "granular") {
    this.#schema = schema;
    this.name = schema.name;
    this.merge = merge;
  }

  get fields(): ReadonlyMap<string, FieldSchema> {
    return this.#schema.fields;
  }
}

function patchRuleOf(field: FieldDefinition): PatchRule | undefined {
  if (field.patch === undefined && field.mergeKey === undefined) return undefined;
  const strategies = field.patch?.split(",") ?? [];
  return {
    merge: strategies.includes("merge"),
    replace: strategies.includes("replace"),
    retainKeys: strategies.includes("retainKeys"),
    mergeKey: field.mergeKey,
  };
}

function scalar(shape: Shape, name: string): TypeSchema {
  return {
    shape,
    name,
    fields: noFields,
    element: undefined,
    merge: "atomic",
    keys: noKeys,
    preservesUnknown: shape === "any",
    omitsEmpty: false,
  };
}

/** Types that are no structs, by the names that definitions use. */
export type ScalarName =
  | "string"
  | "bytes"
  | "bool"
  | "int32"
  | "int64"
  | "double"
  | "Quantity"
  | "IntOrString"
  | "Time"
  | "MicroTime"
  | "FieldsV1"
  | "RawExtension"
  | "JSON";

/** One schema per scalar type. */
export const scalarSchemas: Readonly<Record<ScalarName, TypeSchema>> = {
  string: scalar("string", "string"),
  bytes: scalar("bytes", "[]uint8"),
  bool: scalar("boolean", "bool"),
  int32: scalar("int32", "int32"),
  int64: scalar("int64", "int64"),
  double: scalar("double", "float64"),
  Quantity: scalar("quantity", "resource.Quantity"),
  IntOrString: scalar("intOrString", "intstr.IntOrString"),
  Time: scalar("time", "v1.Time"),
  MicroTime: scalar("microTime", "v1.MicroTime"),
  FieldsV1: scalar("any", "v1.FieldsV1"),
  RawExtension: scalar("any", "runtime.RawExtension"),
  JSON: scalar("any", "v1.JSON"),
};
