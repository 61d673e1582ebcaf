import { badRequest } from "#base";
import { cloneJson, isJsonObject, type Json, type JsonObject, setOwn } from "../json.ts";
import type { FieldSchema, PatchRule, TypeSchema } from "../schema/type-schema.ts";
import { maxPatchDepth } from "./limits.ts";
import {
  deleteFromPrimitiveList,
  dropDirectives,
  elementDirective,
  isDirective,
  setElementOrder,
  takeDirective,
} from "./strategic-directives.ts";
import { orderElements } from "./strategic-order.ts";

/**
 * Applies a strategic merge patch and returns the result; the document is not changed and shares nothing with it.
 * Objects merge by field, null removes, and lists merge where the schema says so, by merge key or by value. Directives:
 * `$patch` (replace, delete, merge), `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`.
 * Throws BadRequest for a patch that is none.
 * Source: the Kubernetes API convention "strategic merge patch".
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: unknown,
  schema: TypeSchema,
): JsonObject {
  if (!isJsonObject(patch)) throw badRequest("error decoding patch: a strategic merge patch is an object");
  return mergeObject(cloneJson(document), cloneJson(patch), schema, 0);
}

/** Merges `patch` into `target`; both belong to this call. */
function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  schema: TypeSchema | undefined,
  depth: number,
): JsonObject {
  if (depth > maxPatchDepth) throw badRequest(`error decoding patch: nested deeper than ${maxPatchDepth}`);
  const directive = takeDirective(patch);
  if (directive === "replace") return dropDirectives(patch) as JsonObject;
  if (directive === "delete") return {};
  retainKeys(target, patch);

  const originals = new Map<string, Json | undefined>();
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === undefined || isDirective(key)) continue;
    originals.set(key, target[key]);
    if (value === null) delete target[key];
    else setOwn(target, key, mergeField(own(target, key), value, fieldOf(schema, key), depth));
  }
  applyListDirectives(target, patch, schema, originals);
  return target;
}

interface Field {
  readonly schema: TypeSchema | undefined;
  readonly rule: PatchRule | undefined;
}

function fieldOf(schema: TypeSchema | undefined, name: string): Field {
  const field: FieldSchema | undefined = schema?.fields.get(name);
  if (field !== undefined) return { schema: field.schema, rule: field.patch };
  return { schema: schema?.shape === "map" ? schema.element : undefined, rule: undefined };
}

function mergeField(target: Json | undefined, patch: Json, field: Field, depth: number): Json {
  if (isJsonObject(patch)) {
    if (field.rule?.replace) return dropDirectives(patch);
    return mergeObject(isJsonObject(target) ? target : {}, patch, field.schema, depth + 1);
  }
  if (!Array.isArray(patch)) return patch;
  if (!field.rule?.merge) return dropDirectives(patch);
  return mergeList(Array.isArray(target) ? target : [], patch, field, depth);
}

function mergeList(target: Json[], patch: Json[], field: Field, depth: number): Json[] {
  const mergeKey = field.rule?.mergeKey;
  if (!mergeKey) return mergeValues(target, patch);
  const original = [...target];
  let merged = target;
  const plain: JsonObject[] = [];
  let isReplaced = false;
  for (const element of patch) {
    if (!isJsonObject(element))
      throw badRequest("error decoding patch: a list that merges by key holds objects");
    const directive = elementDirective(element);
    if (directive === "replace") isReplaced = true;
    else if (directive === "delete")
      merged = merged.filter((each) => !hasKey(each, mergeKey, keyOf(element, mergeKey)));
    else plain.push(element);
  }
  if (isReplaced) return plain.map((element) => dropDirectives(element));
  for (const element of plain) mergeElement(merged, element, mergeKey, field.schema?.element, depth);
  const order = plain.map((element) => keyOf(element, mergeKey));
  return orderElements(merged, order, original, (element) =>
    isJsonObject(element) ? element[mergeKey] : element,
  );
}

function mergeElement(
  list: Json[],
  element: JsonObject,
  mergeKey: string,
  schema: TypeSchema | undefined,
  depth: number,
): void {
  const key = keyOf(element, mergeKey);
  const index = list.findIndex((each) => hasKey(each, mergeKey, key));
  const existing = index < 0 ? {} : list[index];
  const merged = mergeObject(isJsonObject(existing) ? existing : {}, element, schema, depth + 1);
  if (index < 0) list.push(merged);
  else list[index] = merged;
}

function mergeValues(target: Json[], patch: Json[]): Json[] {
  const present = new Set(target);
  const merged = [...target];
  for (const value of patch) {
    if (present.has(value)) continue;
    present.add(value);
    merged.push(value);
  }
  return orderElements(merged, patch, target, (value) => value);
}

function hasKey(element: Json, mergeKey: string, key: Json | undefined): boolean {
  return isJsonObject(element) && element[mergeKey] === key;
}

function keyOf(element: JsonObject, mergeKey: string): Json {
  const key = element[mergeKey];
  if (key === undefined || key === null) {
    throw badRequest(
      `error decoding patch: ${JSON.stringify(element)} does not contain declared merge key: ${mergeKey}`,
    );
  }
  return key;
}

/** `$retainKeys`: of the target, only these fields stay; the patch may set no others. */
function retainKeys(target: JsonObject, patch: JsonObject): void {
  const retained = patch.$retainKeys;
  if (retained === undefined) return;
  delete patch.$retainKeys;
  if (!Array.isArray(retained))
    throw badRequest("error decoding patch: $retainKeys must be a list of field names");
  const kept = new Set(retained);
  for (const field of Object.keys(patch)) {
    if (!isDirective(field) && patch[field] !== null && !kept.has(field)) {
      throw badRequest(`error decoding patch: $retainKeys does not name ${field}, which the patch sets`);
    }
  }
  for (const field of Object.keys(target)) if (!kept.has(field)) delete target[field];
}

/** The directives that stand beside a list's field: removed values, then the order of elements. */
function applyListDirectives(
  target: JsonObject,
  patch: JsonObject,
  schema: TypeSchema | undefined,
  originals: ReadonlyMap<string, Json | undefined>,
): void {
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (key.startsWith(deleteFromPrimitiveList)) {
      const list = target[key.slice(deleteFromPrimitiveList.length)];
      if (!Array.isArray(value)) throw badRequest(`error decoding patch: ${key} must be a list of values`);
      const removed = new Set(value);
      if (Array.isArray(list)) {
        target[key.slice(deleteFromPrimitiveList.length)] = list.filter((each) => !removed.has(each));
      }
    }
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(setElementOrder)) continue;
    const field = key.slice(setElementOrder.length);
    const order = patch[key];
    if (!Array.isArray(order)) throw badRequest(`error decoding patch: ${key} must be a list`);
    const list = target[field];
    if (!Array.isArray(list)) continue;
    const mergeKey = fieldOf(schema, field).rule?.mergeKey;
    const identity = (element: Json) => (mergeKey && isJsonObject(element) ? element[mergeKey] : element);
    const before = originals.has(field) ? originals.get(field) : list;
    target[field] = orderElements(
      list,
      order.map((each) => identity(each) ?? null),
      Array.isArray(before) ? before : [],
      identity,
    );
  }
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
