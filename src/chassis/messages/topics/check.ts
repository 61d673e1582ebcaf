import type { Fault } from "../../http/fault.ts";
import { type SchemaCheck, schemaChecks } from "../../http/schema-check.ts";
import { tolerant } from "./tolerant.ts";

/** What was checked: with defaults in it, a copy of what was given. */
export type Checked =
  | { readonly fits: true; readonly value: unknown }
  | { readonly fits: false; readonly why: string; readonly faults: readonly Fault[] };

/** Checks what is said by a schema, and what is heard by what all its compatible successors have in common with it. */
export interface Check {
  said(value: unknown): Checked;
  heard(value: unknown): Checked;
}

const compile = schemaChecks();

/** Compiles when something is checked for the first time. */
export function checkOf(schema: object): Check {
  let strict: SchemaCheck | undefined;
  let lax: SchemaCheck | undefined;
  return {
    said(value) {
      strict ??= compile(schema);
      // As it will arrive: what JSON makes of it.
      const text = JSON.stringify(value);
      return check(strict, text === undefined ? undefined : JSON.parse(text));
    },
    heard(value) {
      lax ??= compile(tolerant(schema));
      return check(lax, structuredClone(value));
    },
  };
}

function check(faultsIn: SchemaCheck, value: unknown): Checked {
  const faults = faultsIn(value);
  if (faults.length === 0) return { fits: true, value };
  const why = faults.map(({ pointer, detail }) => `${pointer || "it"} ${detail}`).join("; ");
  return { fits: false, why, faults };
}
