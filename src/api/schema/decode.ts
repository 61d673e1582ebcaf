import { type ApiError, badRequest } from "#base";
import { formatQuantity, tryParseQuantity } from "../quantity.ts";
import { maxReportedFields } from "./limits.ts";
import { canonicalMicroTime, canonicalTime } from "./time.ts";
import type { TypeSchema } from "./type-schema.ts";

export interface DecodeReport {
  /** Fields that the kind does not have, as paths: `spec.containers[0].foo`. At most `maxReportedFields`. */
  readonly unknownFields: readonly string[];
}

/** What the object is said to be, for messages. */
export interface Decoding {
  readonly kind: string;
  readonly version: string;
}

/**
 * Makes parsed JSON an object of its kind, **in place**: unknown fields and nulls go, quantities and times take their
 * canonical form. Throws BadRequest, in Kubernetes' words, when a value has the wrong type. Required fields and rules
 * are not checked: that is validation, after defaulting.
 */
export function decodeObject(value: unknown, schema: TypeSchema, decoding: Decoding): DecodeReport {
  const walk = new Walk();
  try {
    walk.visit(value, schema);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw badRequest(
      `${decoding.kind} in version "${decoding.version}" cannot be handled as a ${decoding.kind}: ${error.message}`,
    );
  }
  return { unknownFields: walk.unknownFields };
}

/** `strict decoding error: unknown field "spec.foo", duplicate field "spec.bar"`; undefined when there is none. */
export function strictError(
  report: { readonly unknownFields: readonly string[]; readonly duplicateFields: readonly string[] },
  decoding: Decoding,
): ApiError | undefined {
  const lines = fieldWarnings(report);
  if (lines.length === 0) return undefined;
  return badRequest(
    `${decoding.kind} in version "${decoding.version}" cannot be handled as a ${decoding.kind}: strict decoding error: ${lines.join(", ")}`,
  );
}

/** One line per field, as the `Warning` header carries them. */
export function fieldWarnings(report: {
  readonly unknownFields: readonly string[];
  readonly duplicateFields: readonly string[];
}): string[] {
  return [
    ...report.duplicateFields.map((path) => `duplicate field "${path}"`),
    ...report.unknownFields.map((path) => `unknown field "${path}"`),
  ];
}

/** Thrown within a walk; becomes an `ApiError` at its top, where the kind is known. */
class Mismatch extends Error {}

type Values = Record<string, unknown>;

class Walk {
  readonly unknownFields: string[] = [];
  /** Where the walk is: field names and list indices. Joined only for messages. */
  readonly #path: (string | number)[] = [];
  /** The innermost struct type, which messages name. */
  #owner = "";

  /** The value to hold instead of `value`; the same one nearly always. */
  visit(value: unknown, schema: TypeSchema): unknown {
    switch (schema.shape) {
      case "string":
        return typeof value === "string" ? value : this.#mismatch(value, schema);
      case "object":
        return this.#object(value, schema);
      case "list":
        return this.#list(value, schema);
      case "map":
        return this.#map(value, schema);
      case "any":
        return value;
      case "either":
        return this.#either(value, schema);
      default:
        return this.#scalar(value, schema);
    }
  }

  #object(value: unknown, schema: TypeSchema): unknown {
    if (!isValues(value)) return this.#mismatch(value, schema);
    const { fields } = schema;
    const owner = this.#owner;
    for (const key in value) {
      const field = fields.get(key);
      const item = value[key];
      if (field === undefined) {
        if (schema.preservesUnknown) continue;
        this.#unknown(key);
        delete value[key];
      } else if (item === null) {
        delete value[key];
      } else {
        this.#owner = schema.name;
        this.#path.push(key);
        const decoded = this.visit(item, field.schema);
        this.#path.pop();
        if (schema.omitsEmpty && !field.required && isEmpty(decoded, field.schema)) delete value[key];
        else if (decoded !== item) value[key] = decoded;
      }
    }
    this.#owner = owner;
    return value;
  }

  #list(value: unknown, schema: TypeSchema): unknown {
    if (!Array.isArray(value)) return this.#mismatch(value, schema);
    const element = schema.element as TypeSchema;
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index] === null ? zeroOf(element) : value[index];
      this.#path.push(index);
      const decoded = this.visit(item, element);
      if (decoded !== value[index]) value[index] = decoded;
      this.#path.pop();
    }
    return value;
  }

  #map(value: unknown, schema: TypeSchema): unknown {
    if (!isValues(value)) return this.#mismatch(value, schema);
    const element = schema.element as TypeSchema;
    for (const key in value) {
      const item = value[key] === null ? zeroOf(element) : value[key];
      this.#path.push(key);
      const decoded = this.visit(item, element);
      if (decoded !== value[key]) value[key] = decoded;
      this.#path.pop();
    }
    return value;
  }

  /** A boolean, a list of strings or objects, or an object: what the three `JSONSchemaPropsOr…` types take. */
  #either(value: unknown, schema: TypeSchema): unknown {
    const element = schema.element as TypeSchema;
    if (Array.isArray(value)) {
      if (schema.name === "JSONSchemaPropsOrBool") return this.#mismatch(value, schema);
      for (const [index, item] of value.entries()) {
        this.#path.push(index);
        if (schema.name === "JSONSchemaPropsOrStringArray") {
          if (typeof item !== "string") this.#mismatch(item, schema);
        } else this.#object(item, element);
        this.#path.pop();
      }
      return value;
    }
    if (typeof value === "boolean" && schema.name === "JSONSchemaPropsOrBool") return value;
    return this.#object(value, element);
  }

  #scalar(value: unknown, schema: TypeSchema): unknown {
    switch (schema.shape) {
      case "boolean":
        return typeof value === "boolean" ? value : this.#mismatch(value, schema);
      case "int32":
        return typeof value === "number" && (value | 0) === value ? value : this.#mismatch(value, schema);
      case "int64":
        // Beyond 2^53 a number is not kept exactly: what is stored could be more than 64 bits, which no client reads.
        return Number.isSafeInteger(value) ? value : this.#mismatch(value, schema);
      case "double":
        return typeof value === "number" ? value : this.#mismatch(value, schema);
      case "intOrString":
        return typeof value === "string" || (typeof value === "number" && (value | 0) === value)
          ? value
          : this.#mismatch(value, schema);
      case "quantity":
        return this.#quantity(value, schema);
      case "bytes":
        return this.#bytes(value, schema);
      default:
        return this.#time(value, schema);
    }
  }

  #bytes(value: unknown, schema: TypeSchema): unknown {
    if (typeof value !== "string") return this.#mismatch(value, schema);
    const text = value.includes("\n") ? value.replace(/[\r\n]/g, "") : value;
    if (text.length % 4 !== 0 || !base64.test(text))
      throw new Mismatch(`illegal base64 data in ${this.#where()}`);
    return text;
  }

  #quantity(value: unknown, schema: TypeSchema): unknown {
    if (typeof value !== "string" && typeof value !== "number") return this.#mismatch(value, schema);
    if (typeof value === "string" && canonicalAlready.test(value)) return value;
    const quantity = tryParseQuantity(value);
    if (quantity === undefined) throw new Mismatch(notAQuantity);
    return formatQuantity(quantity);
  }

  #time(value: unknown, schema: TypeSchema): unknown {
    if (typeof value !== "string") return this.#mismatch(value, schema);
    const time = schema.shape === "time" ? canonicalTime(value) : canonicalMicroTime(value);
    if (time !== undefined) return time;
    throw new Mismatch(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": ${this.#where()} is no such time`,
    );
  }

  #unknown(key: string): void {
    if (this.unknownFields.length >= maxReportedFields) return;
    const where = this.#where();
    this.unknownFields.push(where === "" ? key : `${where}.${key}`);
  }

  #where(): string {
    let where = "";
    for (const step of this.#path) {
      if (typeof step === "number") where += `[${step}]`;
      else where += where === "" ? step : `.${step}`;
    }
    return where;
  }

  #mismatch(value: unknown, schema: TypeSchema): never {
    const owner = this.#owner.slice(this.#owner.indexOf(".") + 1);
    const path = this.#path.filter((step) => typeof step === "string").join(".");
    const field = path === "" ? "value" : `struct field ${owner}.${path}`;
    throw new Mismatch(
      `json: cannot unmarshal ${jsonType(value, schema)} into Go ${field} of type ${schema.name}`,
    );
  }
}

const notAQuantity =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/** Most quantities: up to three digits and a suffix cannot be written shorter. */
const canonicalAlready = /^(?:0|[1-9]\d{0,2}(?:[mkMGT]|[KMGT]i)?)$/;

/** An empty object says something (`emptyDir: {}`), an empty list or map nothing. */
function isEmpty(value: unknown, { shape }: TypeSchema): boolean {
  if (shape === "list") return (value as unknown[]).length === 0;
  if (shape !== "map") return false;
  for (const _ in value as Values) return false;
  return true;
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What null is inside a list or map, which have no absent elements. */
function zeroOf(schema: TypeSchema): unknown {
  switch (schema.shape) {
    case "object":
    case "map":
      return {};
    case "list":
      return [];
    case "string":
    case "bytes":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "double":
    case "intOrString":
      return 0;
    case "quantity":
      return "0";
    default:
      return null;
  }
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function jsonType(value: unknown, { shape }: TypeSchema): string {
  if (typeof value === "number") return shape === "int32" || shape === "int64" ? `number ${value}` : "number";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "array";
  return value === null ? "null" : typeof value;
}
