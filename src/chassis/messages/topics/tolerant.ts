/**
 * A schema that takes what the given one takes, and fields that it does not know besides: a sender may say more than it
 * did when its readers were written.
 */
export function tolerant(schema: unknown): object {
  return relax(schema) as object;
}

function relax(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relax);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([keyword, value]) => !(closing.has(keyword) && value === false),
  );
  return Object.fromEntries(
    kept.map(([keyword, value]) => [keyword, values.has(keyword) ? value : relax(value)]),
  );
}

/** Keywords that keep unknown fields out. */
const closing: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties"]);

/** Keywords that hold values and no schemas. */
const values: ReadonlySet<string> = new Set(["const", "default", "enum", "examples"]);
