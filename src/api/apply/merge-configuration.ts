import { cloneJson, isJsonObject, type Json, type JsonObject, setOwn } from "../json.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { isAmbiguous } from "./field-set-of.ts";
import { childSchema, isGranular, listElement } from "./path-elements.ts";

/**
 * Lays an applied configuration over an object: granular parts merge, everything else is replaced. Changes and returns
 * `live`, which belongs to the caller; the configuration is copied.
 */
export function mergeConfiguration(
  live: JsonObject,
  configuration: JsonObject,
  schema: TypeSchema,
): JsonObject {
  for (const field in configuration) {
    const value = configuration[field];
    if (value === undefined || value === null) continue;
    const existing = Object.hasOwn(live, field) ? live[field] : undefined;
    setOwn(live, field, mergeValue(existing, value, childSchema(schema, field)));
  }
  return live;
}

function mergeValue(live: Json | undefined, configuration: Json, schema: TypeSchema | undefined): Json {
  if (schema === undefined || live === undefined || live === null) return cloneJson(configuration);
  if (!isGranular(schema, configuration) || !isGranular(schema, live)) return cloneJson(configuration);
  if (isJsonObject(live)) return mergeConfiguration(live, configuration as JsonObject, schema);
  return mergeList(live as Json[], configuration as Json[], schema);
}

/** The configuration's order holds; what it does not name stays before whatever it stood before. */
function mergeList(live: Json[], configuration: readonly Json[], schema: TypeSchema): Json[] {
  if (isAmbiguous(live, schema)) return cloneJson(configuration) as Json[];
  const elements = configuration.map((value) => listElement(value, schema));
  const position = new Map(elements.map((element, index) => [element, index]));
  const existing = new Map(live.map((value) => [listElement(value, schema), value]));
  const merged: Json[] = [];
  let next = 0;
  const emitUpTo = (last: number) => {
    for (; next <= last; next++) {
      merged.push(mergeValue(existing.get(elements[next]), configuration[next] as Json, schema.element));
    }
  };
  for (const value of live) {
    const place = position.get(listElement(value, schema));
    if (place === undefined) merged.push(value);
    else emitUpTo(place);
  }
  emitUpTo(elements.length - 1);
  return merged;
}
