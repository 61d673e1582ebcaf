import { isJsonObject, type Json, type JsonObject, jsonEqual } from "../json.ts";
import type { TypeSchema } from "../schema/type-schema.ts";
import { addMember, type FieldSet, leaf } from "./field-set.ts";
import { isAmbiguous } from "./field-set-of.ts";
import { ignoredMetadata, ignoredRoot } from "./ignored-fields.ts";
import { childSchema, fieldElement, isEmptyObject, isGranular, listElement } from "./path-elements.ts";

/** Which fields differ between two versions of an object. */
export interface Comparison {
  /** Added, or of another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/**
 * Compares two versions of an object; an absent `before` is an empty one. Parts that both share by reference cost
 * nothing, so that a changed status is compared without looking at the spec. Top-level `ignoredFields` are not looked at.
 */
export function compare(
  before: JsonObject | undefined,
  after: JsonObject,
  schema: TypeSchema,
  ignoredFields: readonly string[] = [],
): Comparison {
  const old = before ?? {};
  const sides: Sides = { changed: {}, removed: {} };
  const metadata: Sides = { changed: {}, removed: {} };
  const metadataSchema = childSchema(schema, "metadata");
  if (metadataSchema !== undefined && old.metadata !== after.metadata) {
    compareFields(
      objectOf(old.metadata),
      objectOf(after.metadata),
      metadataSchema,
      metadata,
      ignoredMetadata,
    );
  }
  if (hasParts(metadata.changed)) sides.changed["f:metadata"] = metadata.changed;
  if (hasParts(metadata.removed)) sides.removed["f:metadata"] = metadata.removed;
  const skipped = ignoredFields.length === 0 ? handledApart : new Set([...handledApart, ...ignoredFields]);
  compareFields(old, after, schema, sides, skipped);
  return sides;
}

const handledApart: ReadonlySet<string> = new Set([...ignoredRoot, "metadata"]);
const nothingIgnored: ReadonlySet<string> = new Set();

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Nodes of the two sets at the place being compared, to be filled. */
interface Sides {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Where a value stands: an entry of a map or list, a field, or a field that must be there. */
type Place = "entry" | "field" | "required";

/** Compares one place and hangs what differs below it into `parent`. */
function compareAt(
  element: string,
  before: Json | undefined,
  after: Json | undefined,
  schema: TypeSchema | undefined,
  parent: Sides,
  place: Place,
): void {
  if (before === after) return;
  // Naming the elements of a list costs more than comparing them.
  if (schema?.shape === "list" && jsonEqual(before, after)) return;
  if (isLeaf(before, after, schema)) {
    if (after === undefined) parent.removed[element] = leaf;
    else if (before === undefined || !jsonEqual(before, after)) parent.changed[element] = leaf;
    return;
  }
  const changed: FieldSet = {};
  const removed: FieldSet = {};
  const within = schema as TypeSchema;
  if (within.shape === "list") {
    compareElements((before as Json[] | undefined) ?? [], (after as Json[] | undefined) ?? [], within, {
      changed,
      removed,
    });
  } else {
    compareFields((before as JsonObject | undefined) ?? {}, (after as JsonObject | undefined) ?? {}, within, {
      changed,
      removed,
    });
  }
  // A struct, or a list that is always there, comes and goes with its parts; other lists, maps and the entries of both
  // are things of their own.
  const isOwnThing = place === "entry" || (place === "field" && within.shape !== "object");
  if (before === undefined && isOwnThing) addMember(changed);
  if (after === undefined) addMember(removed);
  if ((before === undefined && isOwnThing) || hasParts(changed)) parent.changed[element] = changed;
  if (after === undefined || hasParts(removed)) parent.removed[element] = removed;
}

function compareFields(
  before: JsonObject,
  after: JsonObject,
  schema: TypeSchema,
  sides: Sides,
  ignored: ReadonlySet<string> = nothingIgnored,
): void {
  for (const field in after) {
    if (ignored.has(field)) continue;
    const value = present(after[field]);
    const old = Object.hasOwn(before, field) ? present(before[field]) : undefined;
    // Most fields are as they were: they are not even named.
    if (value === old) continue;
    compareAt(fieldElement(field), old, value, childSchema(schema, field), sides, placeOf(schema, field));
  }
  for (const field in before) {
    if (ignored.has(field) || Object.hasOwn(after, field)) continue;
    const old = present(before[field]);
    if (old !== undefined)
      compareAt(
        fieldElement(field),
        old,
        undefined,
        childSchema(schema, field),
        sides,
        placeOf(schema, field),
      );
  }
}

function placeOf(schema: TypeSchema, field: string): Place {
  if (schema.shape === "map") return "entry";
  return schema.fields.get(field)?.required ? "required" : "field";
}

function compareElements(
  before: readonly Json[],
  after: readonly Json[],
  schema: TypeSchema,
  sides: Sides,
): void {
  const old = new Map<string, Json>();
  for (const value of before) old.set(elementOf(value, schema), value);
  for (const value of after) {
    const element = elementOf(value, schema);
    compareAt(element, old.get(element), value, schema.element, sides, "entry");
    old.delete(element);
  }
  for (const [element, value] of old) compareAt(element, value, undefined, schema.element, sides, "entry");
}

function elementOf(value: Json, schema: TypeSchema): string {
  return listElement(value, schema) ?? `v:${JSON.stringify(value)}`;
}

/** Whether the place is compared as one value: scalars, atomic parts, mixed shapes, and where both sides are empty. */
function isLeaf(before: Json | undefined, after: Json | undefined, schema: TypeSchema | undefined): boolean {
  if (before !== undefined && !isGranular(schema, before)) return true;
  if (after !== undefined && !isGranular(schema, after)) return true;
  if (schema?.shape !== "list") return isBare(before) && isBare(after);
  const a = (before as Json[] | undefined) ?? [];
  const b = (after as Json[] | undefined) ?? [];
  return (a.length === 0 && b.length === 0) || isAmbiguous(a, schema) || isAmbiguous(b, schema);
}

function isBare(value: Json | undefined): boolean {
  return value === undefined || isEmptyObject(value as JsonObject);
}

function present(value: Json | undefined): Json | undefined {
  return value === null ? undefined : value;
}

function hasParts(node: FieldSet): boolean {
  for (const _ in node) return true;
  return false;
}
