import { type ApiError, badRequest } from "#base";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { addMember, type FieldSet, formatPath, isEmptySet, leaf } from "./field-set.ts";
import { ignoredMetadata, ignoredRoot } from "./ignored-fields.ts";
import { childSchema, fieldElement, isGranular, listElement } from "./path-elements.ts";

/**
 * The fields that an applied configuration speaks of. Throws BadRequest when an element of an associative list lacks
 * its key or names the same element twice: such a configuration has no meaning.
 */
export function fieldSetOf(configuration: JsonObject, schema: TypeSchema): FieldSet {
  const root: FieldSet = {};
  for (const field in configuration) {
    const value = configuration[field];
    if (value === undefined || value === null || ignoredRoot.has(field)) continue;
    const element = fieldElement(field);
    const child = childSchema(schema, field);
    if (field !== "metadata") root[element] = nodeOf(value, child, [element]);
    else if (child !== undefined && isJsonObject(value)) {
      const node = nodeOfObject(value, child, [element], ignoredMetadata);
      if (!isEmptySet(node)) root[element] = node;
    }
  }
  return root;
}

function nodeOf(value: Json, schema: TypeSchema | undefined, path: readonly string[]): FieldSet {
  if (schema === undefined || !isGranular(schema, value)) return leaf;
  return schema.shape === "list"
    ? nodeOfList(value as Json[], schema, path)
    : nodeOfObject(value as JsonObject, schema, path);
}

function nodeOfObject(
  object: JsonObject,
  schema: TypeSchema,
  path: readonly string[],
  ignored: ReadonlySet<string> = nothingIgnored,
): FieldSet {
  const node: FieldSet = {};
  for (const field in object) {
    const value = object[field];
    if (value === undefined || value === null || ignored.has(field)) continue;
    const element = fieldElement(field);
    const child = childSchema(schema, field);
    if (!isGranular(child, value)) {
      node[element] = leaf;
      continue;
    }
    const childNode = nodeOf(value, child, [...path, element]);
    if (schema.shape === "map") addMember(childNode);
    node[element] = childNode;
  }
  return node;
}

const nothingIgnored: ReadonlySet<string> = new Set();

function nodeOfList(list: readonly Json[], schema: TypeSchema, path: readonly string[]): FieldSet {
  const node: FieldSet = {};
  for (const [index, value] of list.entries()) {
    const element = listElement(value, schema);
    if (element === undefined) throw withoutKey(path, index, schema);
    if (node[element] !== undefined) throw twice(path, element);
    const childNode = nodeOf(value, schema.element, [...path, element]);
    addMember(childNode);
    node[element] = childNode;
  }
  return node;
}

/** Whether a list names an element twice or one without keys: then it is only ever taken as a whole. */
export function isAmbiguous(list: readonly Json[], schema: TypeSchema): boolean {
  const seen = new Set<string>();
  for (const value of list) {
    const element = listElement(value, schema);
    if (element === undefined || seen.has(element)) return true;
    seen.add(element);
  }
  return false;
}

function withoutKey(path: readonly string[], index: number, schema: TypeSchema): ApiError {
  const keys = schema.keys.map((key) => JSON.stringify(key)).join(", ");
  return badRequest(
    `failed to create typed patch object: ${formatPath(path)}: element ${index}: associative list with keys has an element that omits key field ${keys} (and doesn't have default value)`,
  );
}

function twice(path: readonly string[], element: string): ApiError {
  return badRequest(
    `failed to create typed patch object: ${formatPath(path)}: duplicate entries for key ${formatPath([element])}`,
  );
}
