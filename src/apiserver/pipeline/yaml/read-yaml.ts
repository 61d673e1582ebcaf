import { isMap, isScalar, parseDocument, visit } from "yaml";

/** A YAML document as JSON text, or why it is none. Plain enough to cross from one thread to another. */
export type YamlReading =
  | { readonly json: string; readonly duplicateFields: readonly string[] }
  | { readonly error: string };

/** Reads one YAML 1.2 document, without the means to make a small document large. */
export function readYaml(text: string): YamlReading {
  // The library compares each key with each other, which takes minutes for a large map.
  const document = parseDocument(text, { uniqueKeys: false, logLevel: "error" });
  const [error] = document.errors;
  if (error) return { error: error.message };
  try {
    const json = JSON.stringify(document.toJS({ maxAliasCount }) ?? null);
    return { json, duplicateFields: duplicateKeys(document) };
  } catch (failure) {
    return { error: failure instanceof Error ? failure.message : String(failure) };
  }
}

/** Aliases that refer to aliases multiply: the library counts what they stand for. */
const maxAliasCount = 100;

/** A document that repeats itself more often than this is not worth naming each place of. */
const maxNamedDuplicates = 100;

function duplicateKeys(document: ReturnType<typeof parseDocument>): string[] {
  const found = new Set<string>();
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const value = isScalar(key) ? key.value : key;
        if (seen.has(value) && found.size < maxNamedDuplicates && !isMap(key)) found.add(String(value));
        seen.add(value);
      }
    },
  });
  return [...found];
}
