import type { ValidateFunction } from "ajv/dist/2020.js";
import { faultOf, schemaCompiler } from "../../http/ajv.ts";
import { tolerant } from "./tolerant.ts";

/** What was checked: with defaults in it, a copy of what was given. */
export type Checked =
  | { readonly fits: true; readonly value: unknown }
  | { readonly fits: false; readonly why: string; readonly faults: readonly Fault[] };

export type Fault = ReturnType<typeof faultOf>;

/** Checks what is said by a schema, and what is heard by what all its compatible successors have in common with it. */
export interface Check {
  said(value: unknown): Checked;
  heard(value: unknown): Checked;
}

const compiler = schemaCompiler();

/** Compiles when something is checked for the first time. */
export function checkOf(schema: object): Check {
  let strict: ValidateFunction | undefined;
  let lax: ValidateFunction | undefined;
  return {
    said(value) {
      strict ??= compiler.compile(schema);
      // As it will arrive: what JSON makes of it.
      const text = JSON.stringify(value);
      return check(strict, text === undefined ? undefined : JSON.parse(text));
    },
    heard(value) {
      lax ??= compiler.compile(tolerant(schema));
      return check(lax, structuredClone(value));
    },
  };
}

function check(validate: ValidateFunction, value: unknown): Checked {
  if (validate(value)) return { fits: true, value };
  const faults = (validate.errors ?? []).map(faultOf);
  const why = faults.map(({ pointer, detail }) => `${pointer || "it"} ${detail}`).join("; ");
  return { fits: false, why, faults };
}
