import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { isUnset } from "../schema/defaults.ts";
import type { TypeSchema } from "../schema/type-schema.ts";

/** How lists and maps name their parts in field sets. */

export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** `v:"x"` for an element of a set; `k:{"name":"web"}` for one of an associative list; undefined when it lacks a key. */
export function listElement(value: Json, schema: TypeSchema): string | undefined {
  if (schema.merge === "set") return `v:${JSON.stringify(value)}`;
  if (!isJsonObject(value)) return undefined;
  const keys = sortedKeys(schema);
  let text = "k:{";
  for (const { key, text: keyText } of keys) {
    const part = value[key] || partOrDefault(value[key], schema, key);
    if (part === undefined || part === null) {
      // A key that has no default may be left out as long as another one is there.
      if (keys.length === 1) return undefined;
      continue;
    }
    text += `${text.length > 3 ? "," : ""}${keyText}:${JSON.stringify(part)}`;
  }
  return text.length === 3 ? undefined : `${text}}`;
}

/** Whether a value is merged part by part, and not as one: what has children in a field set. */
export function isGranular(schema: TypeSchema | undefined, value: Json | undefined): boolean {
  if (schema === undefined || schema.merge === "atomic") return false;
  if (schema.shape === "list") return Array.isArray(value);
  return (schema.shape === "object" || schema.shape === "map") && isJsonObject(value);
}

/** The schema of a field of an object or of a map's entry; undefined when the field is unknown. */
export function childSchema(schema: TypeSchema, name: string): TypeSchema | undefined {
  return schema.fields.get(name)?.schema ?? (schema.shape === "map" ? schema.element : undefined);
}

/** Whether the value has no parts. */
export function isEmptyObject(value: JsonObject): boolean {
  for (const field in value) if (value[field] !== undefined) return false;
  return true;
}

/** A key of an associative list, and how it is written. */
interface WrittenKey {
  readonly key: string;
  readonly text: string;
}

const sortedKeysOf = new WeakMap<TypeSchema, readonly WrittenKey[]>();

function sortedKeys(schema: TypeSchema): readonly WrittenKey[] {
  let keys = sortedKeysOf.get(schema);
  if (keys === undefined) {
    keys = [...schema.keys].sort().map((key) => ({ key, text: JSON.stringify(key) }));
    sortedKeysOf.set(schema, keys);
  }
  return keys;
}

/** The part of an element that `key` names, which its default is for when it is left out. */
function partOrDefault(part: Json | undefined, schema: TypeSchema, key: string): Json | undefined {
  const field = schema.element?.fields.get(key);
  if (field === undefined || !(part === null || isUnset(part, field))) return part;
  // An empty default says "absent", which names no element.
  return field.default === "" || field.default === 0 ? undefined : (field.default as Json | undefined);
}
