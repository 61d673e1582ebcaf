/** What `JSON.parse` gives. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [field: string]: Json | undefined;
}

/** A plain object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same value by content; a field that is `undefined` counts as absent. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && listEqual(a, b);
  if (Array.isArray(b)) return false;
  return objectEqual(a as JsonObject, b as JsonObject);
}

/** A deep copy that shares nothing with its source. Much cheaper than `structuredClone` for what JSON holds. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const source = value as JsonObject;
  const copy: JsonObject = {};
  for (const field in source) {
    const child = source[field];
    if (child !== undefined) setOwn(copy, field, cloneJson(child));
  }
  return copy as T;
}

/** Sets a field as data even when it is called `__proto__`, which plain assignment would take for the prototype. */
export function setOwn(object: JsonObject, field: string, value: Json | undefined): void {
  if (field === "__proto__") {
    Object.defineProperty(object, field, { value, enumerable: true, configurable: true, writable: true });
  } else object[field] = value;
}

function listEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!jsonEqual(a[index], b[index])) return false;
  return true;
}

/** As `jsonEqual`, whatever the two have in one field. */
export function jsonEqualBut(field: string, a: object, b: object): boolean {
  return objectEqual(a as JsonObject, b as JsonObject, field);
}

function objectEqual(a: JsonObject, b: JsonObject, ignored?: string): boolean {
  let fields = 0;
  for (const field in a) {
    const left = a[field];
    if (left === undefined || field === ignored) continue;
    if (!Object.hasOwn(b, field) || !jsonEqual(left, b[field])) return false;
    fields += 1;
  }
  // All that `a` has is in `b`: they are equal unless `b` has more.
  for (const field in b) if (b[field] !== undefined && field !== ignored) fields -= 1;
  return fields === 0;
}
