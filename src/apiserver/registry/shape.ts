import { isJsonObject, type Json, type JsonObject, type TypeSchema } from "#api";

/**
 * Whether two objects have the same fields, entries and elements, whatever their values: then the same manager would
 * own the same fields of both. Cheap, and says no when in doubt.
 */
export function hasSameShape(a: Json | undefined, b: Json | undefined, schema: TypeSchema): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return false;
  if (schema.shape === "object" || schema.shape === "map") {
    if (schema.merge === "atomic") return isJsonObject(a) && isJsonObject(b);
    return isJsonObject(a) && isJsonObject(b) && haveSameFields(a, b, schema);
  }
  if (schema.shape === "list") {
    return (
      Array.isArray(a) && Array.isArray(b) && (schema.merge === "atomic" || haveSameElements(a, b, schema))
    );
  }
  // Scalars own themselves; raw JSON and mixed shapes are left to a proper look.
  return schema.shape !== "any" && schema.shape !== "either";
}

function haveSameFields(a: JsonObject, b: JsonObject, schema: TypeSchema): boolean {
  let count = 0;
  for (const field in a) {
    const child = schema.fields.get(field)?.schema ?? (schema.shape === "map" ? schema.element : undefined);
    if (!child || !Object.hasOwn(b, field) || !hasSameShape(a[field], b[field], child)) return false;
    count += 1;
  }
  for (const _ in b) count -= 1;
  return count === 0;
}

function haveSameElements(a: readonly Json[], b: readonly Json[], schema: TypeSchema): boolean {
  if (a.length !== b.length || !schema.element) return false;
  for (let index = 0; index < a.length; index++) {
    const left = a[index] as Json;
    const right = b[index] as Json;
    if (schema.merge === "set" ? left !== right : !haveSameKeys(left, right, schema.keys)) return false;
    if (schema.merge !== "set" && !hasSameShape(left, right, schema.element)) return false;
  }
  return true;
}

function haveSameKeys(a: Json, b: Json, keys: readonly string[]): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  for (const key of keys) if (a[key] !== b[key]) return false;
  return true;
}
