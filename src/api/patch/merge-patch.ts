import { badRequest } from "#base";
import { cloneJson, isJsonObject, type Json, type JsonObject, jsonEqual, setOwn } from "../json.ts";
import { maxPatchDepth } from "./limits.ts";

/**
 * Applies a JSON merge patch (RFC 7386) and returns the result: objects merge, null removes, everything else
 * replaces. The document is not changed and shares nothing with the result.
 */
export function applyMergePatch(document: JsonObject, patch: unknown): JsonObject {
  if (!isJsonObject(patch))
    throw badRequest("error decoding patch: a merge patch for an object is an object");
  return mergeObject(cloneJson(document), patch, 0);
}

/** The merge patch that turns `from` into `to`; undefined when they are equal. A null inside `to` cannot be expressed. */
export function createMergePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const field of Object.keys(from)) {
    if (from[field] !== undefined && to[field] === undefined) setOwn(patch, field, null);
  }
  for (const field of Object.keys(to)) {
    const before = Object.hasOwn(from, field) ? from[field] : undefined;
    const after = to[field];
    if (after === undefined) continue;
    if (isJsonObject(before) && isJsonObject(after)) {
      const inner = createMergePatch(before, after);
      if (Object.keys(inner).length > 0) setOwn(patch, field, inner);
    } else if (!jsonEqual(before, after)) setOwn(patch, field, cloneJson(after));
  }
  return patch;
}

function mergeObject(target: JsonObject, patch: JsonObject, depth: number): JsonObject {
  if (depth > maxPatchDepth) throw badRequest(`error decoding patch: nested deeper than ${maxPatchDepth}`);
  const result = target;
  for (const field of Object.keys(patch)) {
    const value = patch[field];
    if (value === null) delete result[field];
    else if (value !== undefined) setOwn(result, field, mergeValue(ownField(target, field), value, depth));
  }
  return result;
}

function mergeValue(target: Json | undefined, patch: Json, depth: number): Json {
  if (!isJsonObject(patch)) return cloneJson(patch);
  return mergeObject(isJsonObject(target) ? target : {}, patch, depth + 1);
}

function ownField(object: JsonObject, field: string): Json | undefined {
  return Object.hasOwn(object, field) ? object[field] : undefined;
}
