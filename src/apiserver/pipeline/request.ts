import type { Resource } from "#api";
import { ApiError, badRequest } from "#base";
import type { RequestAttributes } from "../ports.ts";
import type { WriteRequest } from "../registry/machinery.ts";
import type { Slice } from "../registry/slice.ts";
import type { Exchange } from "./exchange.ts";
import { negotiate, type Representation } from "./negotiate.ts";
import type { Route } from "./route.ts";

/** A request for objects of one kind, authenticated and authorized. */
export interface ObjectRequest {
  readonly exchange: Exchange;
  readonly query: URLSearchParams;
  readonly route: Route;
  readonly attributes: RequestAttributes & { readonly resource: Resource };
  /** How the client wants to see objects. */
  readonly form: Representation;
  /** The request's work on a large body. */
  readonly slice: Slice;
}

export function formOf({ headers }: Exchange): Representation {
  return negotiate(headerOf(headers, "accept"));
}

export function headerOf(headers: Exchange["headers"], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** The request as the registry knows it. */
export function writeRequestOf(request: ObjectRequest, options = request.query): WriteRequest {
  return {
    attributes: request.attributes,
    kind: request.route.kind,
    dryRun: dryRunOf(options.getAll("dryRun")),
    fieldManager: fieldManagerOf(request),
    warnings: [],
    slice: request.slice,
  };
}

export function dryRunOf(values: readonly string[]): boolean {
  for (const value of values) {
    if (value === "All") continue;
    const problem = `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`;
    throw new ApiError("Invalid", `the options of the request are invalid: dryRun: ${problem}`);
  }
  return values.length > 0;
}

/** The `fieldManager` parameter, else the program's name as its User-Agent begins. */
function fieldManagerOf({ query, exchange }: ObjectRequest): string {
  const given = query.get("fieldManager");
  if (given) {
    if (given.length > maxFieldManagerLength) {
      throw badRequest(`fieldManager may not be longer than ${maxFieldManagerLength} characters`);
    }
    if (!printable.test(given)) {
      throw badRequest(`fieldManager may hold printable characters only, not ${JSON.stringify(given)}`);
    }
    return given;
  }
  const agent = headerOf(exchange.headers, "user-agent") ?? "";
  return agent.split("/", 1)[0]?.slice(0, maxFieldManagerLength) || "unknown";
}

/** As upstream: letters, marks, numbers, punctuation, symbols and the space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** As upstream. */
const maxFieldManagerLength = 128;
