import { limits } from "./limits.ts";
import { type FieldError, problem } from "./problem.ts";
import type { Shape } from "./route.ts";
import { schemaChecks } from "./schema-check.ts";

/** The parts of a request as they came. Checking them puts defaults in, and turns the texts of all but the body into what is wanted. */
export interface Parts {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
}

/** Throws a problem that names every wrong field of every part. */
export type Validator = (parts: Parts) => void;

/** For JSON, whose types are what they are. */
const exact = schemaChecks();
/** For paths, queries and headers, where everything is text, and a list of one looks like none. */
const lenient = schemaChecks({ coerceTypes: "array" });

const places = { params: "path", query: "query", headers: "header", body: "body" } as const;
const partNames = Object.keys(places) as (keyof Parts)[];

/** Compiles the schemas of a route. */
export function compileValidator(shape: Shape): Validator {
  const checks = partNames.flatMap((part) => {
    const schema = shape[part];
    return schema ? [{ part, check: (part === "body" ? exact : lenient)(schema) }] : [];
  });
  return (parts) => {
    let errors: FieldError[] | undefined;
    for (const { part, check } of checks)
      for (const fault of check(parts[part])) {
        errors ??= [];
        errors.push({ in: places[part], ...fault });
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
