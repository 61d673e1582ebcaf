import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { nearest } from "#base";
import { limits } from "./limits.ts";
import { type FieldError, problem } from "./problem.ts";
import type { Shape } from "./route.ts";

/** The parts of a request as they came. Checking them puts defaults in, and turns the texts of all but the body into what is wanted. */
export interface Parts {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
}

/** Throws a problem that names every wrong field of every part. */
export type Validator = (parts: Parts) => void;

/** All errors, not the first; bodies are bounded, so that this stays cheap. */
const options: Options = { allErrors: true, useDefaults: true, strict: false, verbose: true };
const addFormats = formats as unknown as (ajv: Ajv2020) => void;

/** For JSON, whose types are what they are. */
const exact = new Ajv2020(options);
/** For paths, queries and headers, where everything is text, and a list of one looks like none. */
const lenient = new Ajv2020({ ...options, coerceTypes: "array" });
addFormats(exact);
addFormats(lenient);

const places = { params: "path", query: "query", headers: "header", body: "body" } as const;
const partNames = Object.keys(places) as (keyof Parts)[];

/** Compiles the schemas of a route. */
export function compileValidator(shape: Shape): Validator {
  const checks: [part: keyof Parts, check: ValidateFunction][] = partNames.flatMap((part) => {
    const schema = shape[part];
    return schema ? [[part, (part === "body" ? exact : lenient).compile(schema)]] : [];
  });
  return (parts) => {
    let errors: FieldError[] | undefined;
    for (const [part, check] of checks) {
      if (!check(parts[part]))
        errors = [...(errors ?? []), ...(check.errors ?? []).map((error) => name(error, part))];
    }
    if (errors) throw refuse(errors);
  };
}

function refuse(errors: readonly FieldError[]): Error {
  const fields = errors.length === 1 ? "a field" : `${errors.length} fields`;
  return problem(400, `the request has ${fields} that cannot be accepted`, {
    errors: errors.slice(0, limits.errorsPerProblem),
  });
}

function name(error: ErrorObject, part: keyof Parts): FieldError {
  const { keyword, instancePath, params, message = "is wrong", parentSchema } = error;
  const at = (pointer: string, detail: string): FieldError => ({ in: places[part], pointer, detail });
  const below = (field: string) => `${instancePath}/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  switch (keyword) {
    case "required":
      return at(below(params.missingProperty), "is required");
    case "additionalProperties": {
      const unknown = params.additionalProperty as string;
      const meant = nearest(unknown, Object.keys(parentSchema?.properties ?? {}));
      return at(below(unknown), `is not known here${meant ? `; did you mean ${meant}?` : ""}`);
    }
    case "enum":
      return at(instancePath, `must be one of ${(params.allowedValues as unknown[]).join(", ")}`);
    case "const":
      return at(instancePath, `must be ${JSON.stringify(params.allowedValue)}`);
    default:
      return at(instancePath, message);
  }
}
