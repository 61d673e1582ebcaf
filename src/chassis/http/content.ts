/** How the body of an answer is written. */
export interface Content {
  /** As in its header: `text/html; charset=utf-8`. */
  readonly type: string;
  readonly as: "json" | "text" | "bytes" | "stream";
}

/** Says of a schema that what it describes is not JSON. A symbol, so that it is no part of the JSON of the schema. */
export const content: unique symbol = Symbol("content");

/** How what a schema describes is written. */
export function contentOf(schema: object | null | undefined): Content {
  return (schema as { readonly [content]?: Content } | null | undefined)?.[content] ?? json;
}

const json: Content = { type: "application/json", as: "json" };

/** What a handler gives for an answer that is a stream: pieces, as they come. */
export type Pieces = AsyncIterable<string | Uint8Array>;
