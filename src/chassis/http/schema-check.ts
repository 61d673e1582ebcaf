import { Ajv2020, type Options, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { type Fault, faultOf } from "./fault.ts";
import { limits } from "./limits.ts";

/** What is wrong with a value; nothing when it fits. Puts defaults into it. */
export type SchemaCheck = (value: unknown) => readonly Fault[];

/**
 * Compiles schemas in two ways. The quick one ends at the first error: what is right is found to be right as fast as can be, and a stranger's megabyte of
 * mistakes is put aside as fast. The thorough one finds every error; each costs a record, and there may be as many as there are values, so it is for what
 * is small, and compiled when somebody has sent something wrong.
 */
export function schemaChecks(options: Options = {}): (schema: object) => SchemaCheck {
  const quick = newAjv({ ...options, allErrors: false });
  const thorough = newAjv({ ...options, allErrors: true });
  return (schema) => {
    const fits = quick.compile(schema);
    return (value) => {
      if (fits(value)) return none;
      return faultsOf(isSmall(value) ? thorough.compile(schema) : fits, value);
    };
  };
}

const none: readonly Fault[] = [];

function newAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({ useDefaults: true, strict: false, verbose: true, ...options });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv;
}

function faultsOf(fits: ValidateFunction, value: unknown): readonly Fault[] {
  if (fits(value)) return none;
  // Whatever is said of an error is worked out for those alone that are told.
  return (fits.errors ?? []).slice(0, limits.errorsPerProblem).map(faultOf);
}

/** Whether there are few enough values in it for all that is wrong with them to be told. */
function isSmall(value: unknown): boolean {
  const waiting = [value];
  for (let seen = 1; waiting.length > 0; ) {
    const each = waiting.pop();
    if (typeof each !== "object" || each === null) continue;
    const within = Object.values(each);
    seen += within.length;
    if (seen > limits.explainedValues) return false;
    waiting.push(...within);
  }
  return true;
}
