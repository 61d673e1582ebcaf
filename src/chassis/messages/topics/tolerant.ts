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
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, relaxed(keyword, value)]));
}

function relaxed(keyword: string, value: unknown): unknown {
  if (values.has(keyword)) return value;
  if (!named.has(keyword)) return relax(value);
  return Object.fromEntries(Object.entries(value as object).map(([name, schema]) => [name, relax(schema)]));
}

/** Keywords that keep unknown fields out. */
const closing: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties"]);

/** Keywords that hold schemas under names, which may be those of keywords. */
const named: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas", "$defs"]);

/** Keywords that hold values and no schemas. */
const values: ReadonlySet<string> = new Set(["const", "default", "enum", "examples"]);
