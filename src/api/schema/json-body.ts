import { badRequest, messageOf } from "#base";
import { maxNestingDepth, maxReportedFields } from "./limits.ts";
import { ValueCount } from "./value-count.ts";

export interface JsonBody {
  readonly value: unknown;
  /** Fields given twice (the last one counts), as paths: `spec.containers[0].name`. */
  readonly duplicateFields: readonly string[];
}

const decoder = new TextDecoder();

/**
 * Reads JSON from the wire: a body, or a part of one that counts its values. Throws BadRequest for what is not JSON or is
 * nested too deep, RequestEntityTooLarge for too many fields.
 */
export function parseJsonBody(bytes: Uint8Array, count: ValueCount = new ValueCount()): JsonBody {
  const text = decoder.decode(bytes);
  const fields = countFields(text, count);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body could not be read as JSON: ${messageOf(error)}`, error);
  }
  const keys = countKeys(value);
  // Reading keeps the last of two equal keys, so there are none when as many keys came out as were written.
  const duplicateFields = keys === fields ? none : findDuplicates(text);
  return { value, duplicateFields };
}

const none: readonly string[] = [];
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/** The colons outside strings. Checks nesting and size on the way, before anything slow or recursive sees the text. */
function countFields(text: string, count: ValueCount): number {
  let fields = 0;
  let values = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === colon) {
      fields += 1;
    } else if (code === comma) {
      values += 1;
    } else if (code === openBrace || code === openBracket) {
      values += 1;
      depth += 1;
      if (depth > maxNestingDepth)
        throw badRequest(`the body is nested deeper than ${maxNestingDepth} levels`);
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
    }
  }
  count.add(values);
  return fields;
}

/** The index of the quote that closes the string opened at `start`; the text's end when none does. */
function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
  return slashes % 2 === 1;
}

/** Looks at every value on the way: JavaScript reads a number that is too large as infinity, and writes that as null. */
function countKeys(value: unknown): number {
  if (typeof value === "number" && !Number.isFinite(value))
    throw badRequest("the body has a number that is too large");
  if (typeof value !== "object" || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item);
    return keys;
  }
  for (const key in value) {
    keys += 1;
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === "object" || typeof item === "number") keys += countKeys(item);
  }
  return keys;
}

interface Level {
  /** The keys seen, of an object; undefined in a list. */
  readonly keys: Set<string> | undefined;
  /** The path of the object or list itself. */
  readonly path: string;
  key: string;
  index: number;
}

/** The slow way, for text that is known to be JSON with a key written twice. */
function findDuplicates(text: string): string[] {
  const found = new Set<string>();
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const level = levels.at(-1);
    const code = text.charCodeAt(at);
    if (code === openBrace) levels.push({ keys: new Set(), path: pathOf(level), key: "", index: 0 });
    else if (code === openBracket) levels.push({ keys: undefined, path: pathOf(level), key: "", index: 0 });
    else if (code === closeBrace || code === closeBracket) levels.pop();
    else if (code === comma && level) level.index += 1;
    else if (code === quote) {
      const end = endOfString(text, at);
      if (level?.keys && isKey(text, end + 1)) {
        level.key = JSON.parse(text.slice(at, end + 1)) as string;
        if (level.keys.has(level.key) && found.size < maxReportedFields) found.add(pathOf(level));
        level.keys.add(level.key);
      }
      at = end;
    }
  }
  return [...found];
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === colon;
}

function pathOf(level: Level | undefined): string {
  if (level === undefined) return "";
  if (level.keys === undefined) return `${level.path}[${level.index}]`;
  return level.path === "" ? level.key : `${level.path}.${level.key}`;
}
