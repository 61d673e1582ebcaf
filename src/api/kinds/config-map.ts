import { configMaps } from "../generated/resources.ts";
import type { ConfigMap } from "../generated/types.ts";
import { jsonEqual } from "../json.ts";
import { configMapKey } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { type FieldErrors, forbiddenField, invalidValue, tooLong } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { maxContentBytes } from "./limits.ts";
import { utf8Length } from "./metadata.ts";

/** Config maps: small texts and bytes for pods. */
export const configMapKind: KindDefinition<ConfigMap> = defineKind(configMaps, {
  validate(configMap, errors) {
    const { data = {}, binaryData = {} } = configMap;
    let bytes = 0;
    for (const key in data) {
      for (const why of configMapKey(key)) errors.push(invalidValue(`data[${key}]`, key, why));
      if (Object.hasOwn(binaryData, key)) {
        errors.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
      }
      bytes += utf8Length(data[key] ?? "");
    }
    for (const key in binaryData) {
      for (const why of configMapKey(key)) errors.push(invalidValue(`binaryData[${key}]`, key, why));
      bytes += decodedLength(binaryData[key] ?? "");
    }
    if (bytes > maxContentBytes) errors.push(tooLong("", maxContentBytes));
  },
  validateChange(configMap, old, errors) {
    validateImmutable(configMap, old, ["data", "binaryData"], errors);
  },
  columns: {
    columns: [nameColumn(), column("Data", "How many entries it has.", "integer"), ageColumn()],
    row: ({ metadata, data, binaryData }, nowMs) => [
      metadata?.name ?? "",
      Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

/** What was once declared immutable stays so, and so does what it holds. */
export function validateImmutable<T extends { immutable?: boolean }>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
  errors: FieldErrors,
): void {
  if (!old.immutable) return;
  if (!object.immutable)
    errors.push(forbiddenField("immutable", "field is immutable when `immutable` is set"));
  for (const field of fields) {
    if (jsonEqual(object[field] ?? {}, old[field] ?? {})) continue;
    errors.push(forbiddenField(field, "field is immutable when `immutable` is set"));
  }
}

/** How many bytes a base64 text stands for. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}
