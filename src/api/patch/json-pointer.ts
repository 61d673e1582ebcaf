/** A path into a JSON document: RFC 6901. */
export type Pointer = readonly string[];

/** The segments of `/spec/containers/0`; undefined when `text` is no pointer. The empty pointer is the whole document. */
export function parsePointer(text: string): Pointer | undefined {
  if (text === "") return [];
  if (!text.startsWith("/")) return undefined;
  if (/~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}
