import type { Ajv2020, Options, ValidateFunction } from "ajv/dist/2020.js";
import { faultOf, schemaCompiler } from "./ajv.ts";
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

/** Checks of one kind of part, in two ways. */
interface Checkers {
  /** Ends at the first error: what is right is found to be right as fast as can be, and a stranger's megabyte of mistakes is put aside as fast. */
  readonly quick: Ajv2020;
  /** Finds every error. Each costs a record, and there may be as many as there are values: for what is small alone. */
  readonly thorough: Ajv2020;
}

/** For JSON, whose types are what they are. */
const exact = checkers({});
/** For paths, queries and headers, where everything is text, and a list of one looks like none. */
const lenient = checkers({ coerceTypes: "array" });

function checkers(more: Options): Checkers {
  return {
    quick: schemaCompiler({ ...more, allErrors: false }),
    thorough: schemaCompiler(more),
  };
}

const places = { params: "path", query: "query", headers: "header", body: "body" } as const;
const partNames = Object.keys(places) as (keyof Parts)[];

/** How one part of a route's requests is checked. */
interface Check {
  readonly part: keyof Parts;
  readonly quick: ValidateFunction;
  /** Compiled when somebody has sent something wrong. */
  readonly thorough: () => ValidateFunction;
}

/** Compiles the schemas of a route. */
export function compileValidator(shape: Shape): Validator {
  const checks = partNames.flatMap((part): Check[] => {
    const schema = shape[part];
    if (!schema) return [];
    const { quick, thorough } = part === "body" ? exact : lenient;
    return [{ part, quick: quick.compile(schema), thorough: () => thorough.compile(schema) }];
  });
  return (parts) => {
    if (checks.every(({ part, quick }) => quick(parts[part]))) return;
    throw refuse(checks.flatMap((check) => errorsOf(check, parts[check.part])));
  };
}

function errorsOf({ part, quick, thorough }: Check, value: unknown): FieldError[] {
  const check = isSmall(value) ? thorough() : quick;
  if (check(value)) return [];
  // Whatever is said of an error is worked out for those alone that are told.
  return (check.errors ?? [])
    .slice(0, limits.errorsPerProblem)
    .map((error) => ({ in: places[part], ...faultOf(error) }));
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

function refuse(errors: readonly FieldError[]): Error {
  const fields = errors.length === 1 ? "a field" : `${errors.length} fields`;
  return problem(400, `the request has ${fields} that cannot be accepted`, {
    errors: errors.slice(0, limits.errorsPerProblem),
  });
}
