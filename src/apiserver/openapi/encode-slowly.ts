import { isJsonObject, type Json, type JsonObject } from "#api";
import type { Slice } from "../registry/slice.ts";

/** A large document as JSON, written field by field down to the third level so that others have their turn. */
export async function encodeSlowly(document: JsonObject, slice: Slice): Promise<Uint8Array> {
  const texts: string[] = [];
  for (const text of pieces(document, 3)) {
    texts.push(text);
    if (slice.isOver()) await slice.pause();
  }
  return new TextEncoder().encode(texts.join(""));
}

function* pieces(value: Json, depth: number): Iterable<string> {
  if (depth === 0 || !isJsonObject(value)) {
    yield JSON.stringify(value);
    return;
  }
  let separator = "{";
  for (const field in value) {
    const part = value[field];
    if (part === undefined) continue;
    yield `${separator}${JSON.stringify(field)}:`;
    yield* pieces(part, depth - 1);
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}
