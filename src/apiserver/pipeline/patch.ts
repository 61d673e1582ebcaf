import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  setOwn,
  type TypeSchema,
} from "#api";
import { parseJsonBody } from "#api/behaviour";
import { badRequest, notFound } from "#base";
import { applyObject } from "../registry/managed-fields.ts";
import { subjectOf } from "../registry/subject.ts";
import { type UpdateRules, updateObject } from "../registry/update.ts";
import { authorizeCreate } from "./authorize.ts";
import {
  conform,
  contentTypeOf,
  type Expected,
  type FieldValidation,
  fieldValidationOf,
  type ParsedBody,
  parseBodyWith,
  unsupportedMediaType,
} from "./decode.ts";
import type { DocumentAnswer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { type ObjectRequest, writeRequestOf } from "./request.ts";
import { flag } from "./target.ts";
import { expectedOf, presentWritten } from "./write.ts";
import { parseYaml } from "./yaml/parse-yaml.ts";

/** Turns one version of a document into the next. The argument is shared and stays as it is. */
export type Patch = (document: JsonObject) => JsonObject;

/** PATCH of an object or of a part of it. */
export async function patch(
  parts: Parts,
  request: ObjectRequest,
  rules: UpdateRules & { readonly fields?: readonly string[] },
): Promise<DocumentAnswer> {
  const type = contentTypeOf(request.exchange);
  if (applyTypes.has(type)) return apply(parts, request, rules, type);
  const { kind, name } = request.route;
  const expected = expectedOf(request);
  const change = await readPatch(request, type, expected.schema, rules.fields);
  const write = writeRequestOf(request);
  const validation = fieldValidationOf(request.query);
  const written = await updateObject(parts.machinery, write, {
    next(old) {
      if (!old) throw notFound(subjectOf(kind, name));
      write.warnings.length = 0;
      return patched(change, old, expected, validation, write.warnings);
    },
    rules,
    recordsFields: false,
  });
  return presentWritten(parts.machinery, request, write, written);
}

/** Reads a JSON, merge or strategic merge patch, of the whole or of a part in these fields. Throws UnsupportedMediaType. */
export async function readPatch(
  request: ObjectRequest,
  type: string,
  schema: TypeSchema,
  part?: readonly string[],
): Promise<Patch> {
  const reader = patchTypes.get(type);
  if (!reader) throw unsupportedMediaType(type, [...patchTypes.keys(), ...applyTypes]);
  if (request.query.has("force")) {
    throw badRequest("force is forbidden for non-apply patch");
  }
  const { value } = await parseBodyWith(parseJsonBody, request);
  const change = reader(value, schema);
  return part && mergingTypes.has(type) ? (document) => change(seenBy(value, document, part)) : change;
}

/**
 * What of a document matters to a patch of a part that merges: the part, and whatever else the patch names. The rest is not written, so it
 * need not be copied and read again: of a pod's status, all that its spec holds.
 */
function seenBy(patch: unknown, document: JsonObject, part: readonly string[]): JsonObject {
  const named = isJsonObject(patch) ? Object.keys(patch) : [];
  // A directive may be about any field.
  if (named.some((field) => field.startsWith("$"))) return document;
  const seen: JsonObject = {};
  for (const field of new Set([...identifying, ...part, ...named])) {
    if (Object.hasOwn(document, field)) setOwn(seen, field, document[field]);
  }
  return seen;
}

const identifying = ["apiVersion", "kind", "metadata"] as const;

/** The patched document, read as if it had been sent. */
export function patched(
  change: Patch,
  old: KubernetesObject,
  expected: Expected,
  validation: FieldValidation,
  warnings: string[],
): KubernetesObject {
  const value = change(old as JsonObject);
  return conform({ value, duplicateFields: [] }, expected, validation, warnings);
}

/** Server-side apply: `application/apply-patch+yaml`, whose body is YAML or JSON. */
async function apply(
  parts: Parts,
  request: ObjectRequest,
  rules: UpdateRules,
  type: string,
): Promise<DocumentAnswer> {
  const { query } = request;
  if (!query.get("fieldManager")) throw badRequest("fieldManager is required for apply patch");
  const body = await parseBodyWith((bytes) => parseApplied(bytes, type), request);
  const write = writeRequestOf(request);
  const applied = conform(body, expectedOf(request), fieldValidationOf(query), write.warnings);
  if (applied.metadata?.managedFields?.length) throw badRequest("metadata.managedFields must be nil");
  const force = flag(query, "force");
  const written = await updateObject(parts.machinery, write, {
    next: (old) => applyObject(parts.machinery, write, old, applied, { force }),
    checkCreate: request.route.subresource === undefined ? () => authorizeCreate(parts, request) : undefined,
    rules,
    recordsFields: true,
  });
  return presentWritten(parts.machinery, request, write, written);
}

function parseApplied(bytes: Uint8Array, type: string): ParsedBody | Promise<ParsedBody> {
  return type.endsWith("+yaml") && bytes[0] !== openBrace ? parseYaml(bytes) : parseJsonBody(bytes);
}

const openBrace = 0x7b;

const applyTypes: ReadonlySet<string> = new Set([
  "application/apply-patch+yaml",
  "application/apply-patch+json",
]);

/** Of these, a field that is not named changes nothing and is not looked at. */
const mergingTypes: ReadonlySet<string> = new Set([
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
]);

const patchTypes = new Map<string, (patch: unknown, schema: TypeSchema) => Patch>([
  ["application/json-patch+json", (value) => (document) => applyJsonPatch(document, value)],
  ["application/merge-patch+json", (value) => (document) => applyMergePatch(document, value)],
  [
    "application/strategic-merge-patch+json",
    (value, schema) => (document) => applyStrategicMergePatch(document, value, schema),
  ],
]);
