import { ApiError, badRequest } from "#base";
import { cloneJson, isJsonObject, type Json, type JsonObject, jsonEqual, setOwn } from "../json.ts";
import { type Pointer, parsePointer } from "./json-pointer.ts";
import { maxCopiedCharacters, maxJsonPatchOperations, maxMovedElements, maxPatchDepth } from "./limits.ts";

/**
 * Applies a JSON patch (RFC 6902) and returns the result; the document is not changed. All operations apply or none:
 * one that does not (a failed `test`, a missing path) throws Invalid, a patch that is none throws BadRequest.
 */
export function applyJsonPatch(document: JsonObject, patch: unknown): JsonObject {
  const operations = readOperations(patch);
  const holder: Holder = { root: cloneJson(document) as Json, copied: 0, moved: 0 };
  for (const [index, operation] of operations.entries()) {
    apply(holder, operation, `operation ${index} (${operation.op} ${operation.path})`);
  }
  if (!isJsonObject(holder.root)) throw rejected("the result is not an object");
  if (isDeeper(holder.root, maxPatchDepth))
    throw rejected(`the result is nested deeper than ${maxPatchDepth}`);
  return holder.root;
}

interface Operation {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: string;
  readonly pointer: Pointer;
  readonly from: Pointer;
  readonly value: Json;
}

/** The document being changed, held so that its root can be replaced. */
interface Holder {
  root: Json;
  /** Characters that `copy` has added so far. */
  copied: number;
  /** Elements that insertions into lists and removals from them have moved so far. */
  moved: number;
}

function readOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) {
    throw badRequest("error decoding patch: a JSON patch is a list of operations, as in RFC 6902");
  }
  if (patch.length > maxJsonPatchOperations) {
    throw new ApiError(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${patch.length}`,
    );
  }
  return patch.map(readOperation);
}

function readOperation(raw: unknown, index: number): Operation {
  const complain = (why: string) => badRequest(`error decoding patch: operation ${index}: ${why}`);
  if (!isJsonObject(raw)) throw complain("must be an object");
  const { op, path, from, value } = raw;
  if (!isOperationName(op))
    throw complain(`unknown op ${JSON.stringify(op)}: use add, remove, replace, move, copy or test`);
  const pointer = typeof path === "string" ? parsePointer(path) : undefined;
  if (typeof path !== "string" || pointer === undefined)
    throw complain(`path ${JSON.stringify(path)} is not a JSON pointer`);
  const source = typeof from === "string" ? parsePointer(from) : undefined;
  if ((op === "move" || op === "copy") && source === undefined) {
    throw complain(`${op} needs "from", a JSON pointer`);
  }
  if ((op === "add" || op === "replace" || op === "test") && value === undefined) {
    throw complain(`${op} needs "value"`);
  }
  return { op, path, pointer, from: source ?? [], value: value ?? null };
}

function isOperationName(op: unknown): op is Operation["op"] {
  return typeof op === "string" && ["add", "remove", "replace", "move", "copy", "test"].includes(op);
}

function apply(holder: Holder, operation: Operation, where: string): void {
  const { op, pointer, from, value } = operation;
  if (op === "add") add(holder, pointer, cloneJson(value), where);
  else if (op === "remove") remove(holder, pointer, where);
  else if (op === "replace") {
    read(holder, pointer, where);
    replace(holder, pointer, cloneJson(value), where);
  } else if (op === "move") {
    if (isWithin(pointer, from)) throw rejected(`${where}: cannot move a value into itself`);
    add(holder, pointer, remove(holder, from, where), where);
  } else if (op === "copy") {
    add(holder, pointer, cloneJson(copySource(holder, from, where)), where);
  } else if (!jsonEqual(find(holder, pointer) ?? null, value)) throw rejected(`${where}: test failed`);
}

function copySource(holder: Holder, from: Pointer, where: string): Json {
  const source = read(holder, from, where);
  // Copied into itself again and again, a value gets too deep for whatever is recursive.
  if (isDeeper(source, maxPatchDepth))
    throw rejected(`${where}: copies what is nested deeper than ${maxPatchDepth}`);
  holder.copied += JSON.stringify(source).length;
  if (holder.copied > maxCopiedCharacters) {
    throw rejected(`${where}: copies more than ${maxCopiedCharacters} characters`);
  }
  return source;
}

function isDeeper(value: Json | undefined, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as JsonObject)[key], levels - 1)) return true;
  return false;
}

function add(holder: Holder, pointer: Pointer, value: Json, where: string): void {
  const parent = parentOf(holder, pointer, where);
  const last = pointer.at(-1);
  if (parent === undefined || last === undefined) holder.root = value;
  else if (!Array.isArray(parent)) setOwn(parent, last, value);
  else if (last === "-") parent.push(value);
  else {
    const index = indexIn(last, parent.length, where);
    countMoved(holder, parent.length - index, where);
    parent.splice(index, 0, value);
  }
}

function remove(holder: Holder, pointer: Pointer, where: string): Json {
  const value = read(holder, pointer, where);
  const parent = parentOf(holder, pointer, where);
  const last = pointer.at(-1);
  if (parent === undefined || last === undefined) holder.root = null;
  else if (Array.isArray(parent)) {
    countMoved(holder, parent.length - Number(last), where);
    parent.splice(Number(last), 1);
  } else delete parent[last];
  return value;
}

function countMoved(holder: Holder, elements: number, where: string): void {
  holder.moved += elements;
  if (holder.moved > maxMovedElements)
    throw rejected(`${where}: moves more than ${maxMovedElements} elements`);
}

function replace(holder: Holder, pointer: Pointer, value: Json, where: string): void {
  const parent = parentOf(holder, pointer, where);
  const last = pointer.at(-1);
  if (parent === undefined || last === undefined) holder.root = value;
  else if (Array.isArray(parent)) parent[Number(last)] = value;
  else setOwn(parent, last, value);
}

/** The value at a pointer, which must be there. */
function read(holder: Holder, pointer: Pointer, where: string): Json {
  const value = find(holder, pointer);
  if (value === undefined) throw rejected(`${where}: there is no value at this path`);
  return value;
}

function find(holder: Holder, pointer: Pointer): Json | undefined {
  let value: Json | undefined = holder.root;
  for (const segment of pointer) value = childOf(value, segment);
  return value;
}

/** The list or object that holds the last segment; undefined for the root. */
function parentOf(holder: Holder, pointer: Pointer, where: string): Json[] | JsonObject | undefined {
  if (pointer.length === 0) return undefined;
  let value: Json | undefined = holder.root;
  for (let index = 0; index < pointer.length - 1; index++) value = childOf(value, pointer[index] ?? "");
  if (Array.isArray(value) || isJsonObject(value)) return value;
  throw rejected(`${where}: the path's parent does not exist`);
}

function childOf(value: Json | undefined, segment: string): Json | undefined {
  if (Array.isArray(value)) return indexSyntax.test(segment) ? value[Number(segment)] : undefined;
  if (isJsonObject(value) && Object.hasOwn(value, segment)) return value[segment];
  return undefined;
}

const indexSyntax = /^(0|[1-9]\d{0,9})$/;

/** Where in a list to insert: up to and including just past its end. */
function indexIn(segment: string, length: number, where: string): number {
  const index = indexSyntax.test(segment) ? Number(segment) : Number.NaN;
  if (Number.isNaN(index) || index > length) {
    throw rejected(`${where}: "${segment}" is not an index of a list of ${length}`);
  }
  return index;
}

/** Whether `pointer` lies strictly below `ancestor`. */
function isWithin(pointer: Pointer, ancestor: Pointer): boolean {
  return pointer.length > ancestor.length && ancestor.every((segment, index) => pointer[index] === segment);
}

/** Kubernetes answers 422 with this sentence; what failed is added to it. */
function rejected(why: string): ApiError {
  return new ApiError("Invalid", `the server rejected our request due to an error in our request: ${why}`);
}
