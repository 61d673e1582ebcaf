import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { type FieldSet, isMember } from "./field-set.ts";
import { childSchema, isEmptyObject, isGranular, listElement } from "./path-elements.ts";

/**
 * Removes from an object what a manager applied the last time and nobody owns any more. Changes `object`, which
 * belongs to the caller. `last`: the manager's former fields; `owned`: everyone's fields now.
 */
export function prune(object: JsonObject, last: FieldSet, owned: FieldSet, schema: TypeSchema): void {
  for (const element in last) {
    if (!element.startsWith("f:")) continue;
    const field = element.slice(2);
    const value = Object.hasOwn(object, field) ? object[field] : undefined;
    if (value === undefined || value === null) continue;
    const isEntry = schema.shape === "map";
    const outcome = pruneValue(
      value,
      last[element] as FieldSet,
      owned[element],
      childSchema(schema, field),
      isEntry,
    );
    if (outcome === undefined) delete object[field];
    else object[field] = outcome;
  }
}

/** The value without what is to go; undefined when that is all of it. */
function pruneValue(
  value: Json,
  last: FieldSet,
  owned: FieldSet | undefined,
  schema: TypeSchema | undefined,
  isEntry: boolean,
): Json | undefined {
  // A struct's field counts as owned as soon as anything below it is; an entry of a map or list stands for itself.
  const wasOwned = !isEntry || isMember(last);
  const isOwned = owned !== undefined && (!isEntry || isMember(owned));
  if (wasOwned && !isOwned) return undefined;
  if (schema === undefined || !isGranular(schema, value)) return value;
  if (Array.isArray(value)) {
    const kept = pruneList(value, last, owned ?? {}, schema);
    return kept.length === 0 && value.length > 0 ? undefined : kept;
  }
  if (!isJsonObject(value)) return value;
  const wasEmpty = isEmptyObject(value);
  prune(value, last, owned ?? {}, schema);
  return !wasEmpty && isEmptyObject(value) ? undefined : value;
}

function pruneList(list: readonly Json[], last: FieldSet, owned: FieldSet, schema: TypeSchema): Json[] {
  const kept: Json[] = [];
  for (const value of list) {
    const element = listElement(value, schema);
    const before = element === undefined ? undefined : last[element];
    if (element === undefined || before === undefined) {
      kept.push(value);
      continue;
    }
    const outcome = pruneValue(value, before, owned[element], schema.element, true);
    if (outcome !== undefined) kept.push(outcome);
  }
  return kept;
}
