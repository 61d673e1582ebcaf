import { isJsonObject, type KubernetesObject, type TypeSchema } from "#api";
import { decodeObject, decodeProtobuf, fieldWarnings, parseJsonBody, strictError } from "#api/behaviour";
import { ApiError, badRequest } from "#base";
import type { Exchange } from "./exchange.ts";
import type { ObjectRequest } from "./request.ts";
import { parseYaml } from "./yaml/parse-yaml.ts";

/** What becomes of fields that a kind does not have: the `fieldValidation` parameter. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** What a body is to be read as. */
export interface Expected {
  readonly kind: string;
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly schema: TypeSchema;
}

/** A body that has been parsed but not yet been looked at. */
export interface ParsedBody {
  readonly value: unknown;
  readonly duplicateFields: readonly string[];
}

export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get("fieldValidation") ?? "";
  if (value === "") return "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw badRequest(`fieldValidation must be one of Ignore, Warn, Strict, not ${JSON.stringify(value)}`);
}

/** Reads the body by its content type. Throws UnsupportedMediaType and BadRequest. */
export function parseBody(request: ObjectRequest): Promise<ParsedBody> {
  const type = contentTypeOf(request.exchange);
  const parser = parsers.get(type);
  if (!parser) throw unsupportedMediaType(type, [...parsers.keys()]);
  return parseBodyWith(parser, request);
}

/** Reads the body by a parser of the caller's; others have a turn after a large one. */
export async function parseBodyWith(
  parser: BodyParser,
  { exchange, slice }: ObjectRequest,
): Promise<ParsedBody> {
  const encoding = exchange.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw encoded(encoding);
  const body = await parser(await exchange.readBody());
  if (slice.isOver()) await slice.pause();
  return body;
}

export type BodyParser = (bytes: Uint8Array) => ParsedBody | Promise<ParsedBody>;

/** The media type of the body, lower case and without parameters. JSON when the client does not say. */
export function contentTypeOf({ headers }: Exchange): string {
  const header = headers["content-type"];
  const value = Array.isArray(header) ? header[0] : header;
  if (!value) return "application/json";
  return (value.split(";", 1)[0] ?? "").trim().toLowerCase();
}

export function unsupportedMediaType(type: string, known: readonly string[]): ApiError {
  return new ApiError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format (${type}) - accepted media types include: ${known.join(", ")}`,
  );
}

function encoded(encoding: string | string[]): ApiError {
  return new ApiError(
    "UnsupportedMediaType",
    `the body of the request is encoded (${encoding}) - send it as it is, without content-encoding`,
  );
}

/**
 * Makes what was parsed an object of the expected kind, in place. Unknown and duplicate fields are dropped, and
 * refused or warned about as the client wants it.
 */
export function conform(
  body: ParsedBody,
  expected: Expected,
  validation: FieldValidation,
  warnings: string[],
): KubernetesObject {
  const { value, duplicateFields } = body;
  if (!isJsonObject(value)) throw badRequest("the body of the request is not an object");
  const object = value as KubernetesObject;
  checkKind(object, expected);
  const decoding = { kind: expected.kind, version: expected.apiVersion };
  const { unknownFields } = decodeObject(object, expected.schema, decoding);
  if (validation === "Ignore") return object;
  const report = { unknownFields, duplicateFields };
  if (validation === "Strict") {
    const error = strictError(report, decoding);
    if (error) throw error;
  } else warnings.push(...fieldWarnings(report));
  return object;
}

/** The object says what it is, and that is what the path expects; who says nothing means the path's kind. */
function checkKind(object: KubernetesObject, { kind, apiVersion }: Expected): void {
  object.apiVersion ||= apiVersion;
  object.kind ||= kind;
  if (object.apiVersion === apiVersion && object.kind === kind) return;
  if (object.kind !== kind) {
    throw badRequest(
      `${object.kind} in version ${JSON.stringify(object.apiVersion)} cannot be handled as a ${kind}: the path is about ${kind} in version ${JSON.stringify(apiVersion)}`,
    );
  }
  throw badRequest(
    `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
  );
}

const parsers = new Map<string, BodyParser>([
  ["application/json", parseJsonBody],
  ["application/yaml", parseYaml],
  ["application/vnd.kubernetes.protobuf", (bytes) => ({ value: decodeProtobuf(bytes), duplicateFields: [] })],
]);
