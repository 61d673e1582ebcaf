import type { JsonObject } from "../json.ts";
import { definitionOf } from "../schema/built-in.ts";

/** A parameter of an operation, as OpenAPI v3 writes it. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly description?: string;
  readonly required?: true;
  readonly schema: JsonObject;
}

const text: JsonObject = { type: "string", uniqueItems: true };
const whole: JsonObject = { type: "integer", uniqueItems: true };
const truth: JsonObject = { type: "boolean", uniqueItems: true };

function query(name: string, schema: JsonObject, description: string): Parameter {
  return { name, in: "query", description, schema };
}

function path(name: string, description: string): Parameter {
  return { name, in: "path", description, required: true, schema: text };
}

export const nameParameter: Parameter = path("name", "Name of the object.");
export const namespaceParameter: Parameter = path(
  "namespace",
  "Namespace of the object, or of the objects listed.",
);
export const pathParameter: Parameter = path("path", "Path of the request that is passed on.");
export const pretty: Parameter = query("pretty", text, "Indent the answer for people when it is `true`.");

const dryRun = query("dryRun", text, "`All`: do everything but store the result.");
const fieldManager = query(
  "fieldManager",
  text,
  "Who writes: recorded for every field that the request sets.",
);
const fieldValidation = query(
  "fieldValidation",
  text,
  "What unknown and duplicate fields cause: `Ignore` nothing, `Warn` a warning, `Strict` an error.",
);
const force = query("force", truth, "Take over fields that other managers own; for server-side apply only.");
const gracePeriodSeconds = query(
  "gracePeriodSeconds",
  whole,
  "Seconds that the object gets to end by itself; 0 deletes at once. Absent: the default of the kind.",
);
const ignoreStoreReadError = query(
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  truth,
  "Delete even an object that cannot be read from the store, without its finalizers being honoured.",
);
const orphanDependents = query(
  "orphanDependents",
  truth,
  "Older form of `propagationPolicy`: `true` orphans.",
);
const propagationPolicy = query(
  "propagationPolicy",
  text,
  "What happens to dependents: `Orphan` keeps them, `Background` deletes them later, `Foreground` before the object.",
);
const resourceVersion = query(
  "resourceVersion",
  text,
  "How recent the answer must be; `0` takes what is at hand.",
);
const resourceVersionMatch = query(
  "resourceVersionMatch",
  text,
  "How `resourceVersion` is meant in a list: `Exact` or `NotOlderThan`.",
);
const selection: readonly Parameter[] = [
  query("continue", text, "Where the last page of a list ended, as its metadata said."),
  query("fieldSelector", text, "Only objects with these field values, as in `spec.nodeName=one`."),
  query("labelSelector", text, "Only objects with these labels, as in `app=shop,tier in (web, cache)`."),
  query("limit", whole, "Most objects per page of a list."),
  resourceVersion,
  resourceVersionMatch,
  query(
    "sendInitialEvents",
    truth,
    "Begin a watch with what exists, and mark where that ends with a bookmark.",
  ),
  query("shardSelector", text, "Only objects of these shards."),
  query("timeoutSeconds", whole, "Seconds after which the call ends, whatever happens."),
];

export const listParameters: readonly Parameter[] = [
  query("allowWatchBookmarks", truth, "Let a watch send bookmarks: how far it is, without an object."),
  ...selection,
  query("watch", truth, "Answer with changes as they happen instead of a list."),
];
export const writeParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation];
export const patchParameters: readonly Parameter[] = [...writeParameters, force];
export const deleteParameters: readonly Parameter[] = [
  dryRun,
  gracePeriodSeconds,
  ignoreStoreReadError,
  orphanDependents,
  propagationPolicy,
];
export const deleteCollectionParameters: readonly Parameter[] = [...deleteParameters, ...selection];

/** The fields of an options kind, `core.v1.PodExecOptions`, as they go into a query. Times have no place in one. */
export function optionParameters(type: string): Parameter[] {
  return Object.entries(definitionOf(type).fields).flatMap(([name, field]) => {
    const schema = optionSchemas[field.type.replace("[]", "")];
    return schema === undefined ? [] : [{ name, in: "query" as const, schema }];
  });
}

const optionSchemas: Readonly<Record<string, JsonObject>> = {
  string: text,
  bool: truth,
  int32: whole,
  int64: whole,
};
