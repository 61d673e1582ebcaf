import { type JsonObject, setOwn } from "../json.ts";
import { microTimeOf, timeOf } from "../schema/time.ts";
import type { ValueCount } from "../schema/value-count.ts";
import { encodeBase64 } from "./base64.ts";
import { maxMessageDepth } from "./limits.ts";
import { type Message, type MessageField, messageOf, type ScalarType } from "./message.ts";
import { malformed, Reader } from "./reader.ts";

/** Reads the bytes of one message into `target`, as JSON would hold it. Throws BadRequest for anything malformed. */
export function decodeMessage(bytes: Uint8Array, type: string, target: JsonObject, decoding: Decoding): void {
  new Decoder(new Reader(bytes), decoding).message(messageOf(type), target);
}

export interface Decoding {
  /** What raw bytes within a message hold: JSON, or an enveloped message again. */
  decodeRaw(bytes: Uint8Array): unknown;
  /** Of the whole body. */
  readonly count: ValueCount;
}

type Value = JsonObject[string];

class Decoder {
  readonly #reader: Reader;
  readonly #decoding: Decoding;
  #depth = 0;

  constructor(reader: Reader, decoding: Decoding) {
    this.#reader = reader;
    this.#decoding = decoding;
  }

  message(message: Message, target: JsonObject): void {
    this.#depth += 1;
    if (this.#depth > maxMessageDepth)
      throw malformed(`messages are nested deeper than ${maxMessageDepth} levels`);
    const reader = this.#reader;
    while (reader.hasMore) {
      const tag = reader.varint();
      const wireType = tag % 8;
      const field = message.byNumber.get((tag - wireType) / 8);
      if (field === undefined) reader.skip(wireType);
      else this.#field(field, wireType, target);
    }
    this.#depth -= 1;
  }

  #field(field: MessageField, wireType: number, target: JsonObject): void {
    this.#decoding.count.add(1);
    if (field.value.type === "inline") {
      expect(wireType, 2);
      const outer = this.#reader.enter();
      this.message(field.value.message(), target);
      this.#reader.leave(outer);
    } else if (field.container === "none") {
      const value = this.#value(field, wireType, target[field.name]);
      if (value !== undefined && (field.keepsEmpty || !isEmptyScalar(value))) target[field.name] = value;
      else if (value !== undefined) delete target[field.name];
    } else if (field.container === "list") {
      this.#element(field, wireType, listIn(target, field.name));
    } else if (field.container === "wrapped") {
      this.#wrapped(field, wireType, listIn(target, field.name));
    } else {
      this.#entry(field, wireType, target);
    }
  }

  /** One element; or, packed, many numbers in one field. */
  #element(field: MessageField, wireType: number, list: Value[]): void {
    const expected = wireTypes[field.value.type] ?? 2;
    if (wireType !== 2 || expected === 2) {
      list.push((this.#value(field, wireType, undefined) ?? null) as Value);
      return;
    }
    const outer = this.#reader.enter();
    while (this.#reader.hasMore) {
      this.#decoding.count.add(1);
      list.push(this.#value(field, expected, undefined) as Value);
    }
    this.#reader.leave(outer);
  }

  /** A message with the list as its field 1. */
  #wrapped(field: MessageField, wireType: number, list: Value[]): void {
    expect(wireType, 2);
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.hasMore) {
      const tag = reader.varint();
      this.#decoding.count.add(1);
      if (tag >> 3 === 1) this.#element(field, tag & 7, list);
      else reader.skip(tag & 7);
    }
    reader.leave(outer);
  }

  #entry(field: MessageField, wireType: number, target: JsonObject): void {
    expect(wireType, 2);
    const reader = this.#reader;
    const outer = reader.enter();
    let key = "";
    let value: Value;
    while (reader.hasMore) {
      const tag = reader.varint();
      if (tag >> 3 === 1 && (tag & 7) === 2) key = reader.string();
      else if (tag >> 3 === 2 && field.wrappedValues) {
        const list: Value[] = [];
        this.#wrapped(field, tag & 7, list);
        value = list as Value;
      } else if (tag >> 3 === 2) value = this.#value(field, tag & 7, undefined);
      else reader.skip(tag & 7);
    }
    reader.leave(outer);
    if (!(field.name in target)) target[field.name] = {};
    setOwn(target[field.name] as JsonObject, key, value === undefined ? emptyOf(field) : value);
  }

  /** `present` is what an earlier part of the same message left: protobuf lets a message arrive in pieces. */
  #value(field: MessageField, wireType: number, present: Value): Value {
    const { value } = field;
    expect(wireType, wireTypes[value.type] ?? 2);
    if (value.type === "message") {
      const target = (present ?? {}) as JsonObject;
      const outer = this.#reader.enter();
      this.message(value.message(), target);
      this.#reader.leave(outer);
      return target;
    }
    return this.#scalar(value.type as ScalarType) as Value;
  }

  #scalar(type: ScalarType): unknown {
    const reader = this.#reader;
    switch (type) {
      case "string":
        return reader.string();
      case "bytes":
        return encodeBase64(reader.bytes());
      case "bool":
        return reader.varint() !== 0;
      case "int32":
        return reader.signed() | 0;
      case "int64":
        return reader.signed();
      case "double":
        return finite(reader.double());
      case "Quantity":
        return this.#only(1) ?? "0";
      case "Time":
      case "MicroTime":
        return this.#time(type);
      case "IntOrString":
        return this.#intOrString();
      case "FieldsV1":
      case "RawExtension":
      case "JSON":
        return this.#raw();
      default:
        return this.#either(type);
    }
  }

  /** The string in field `number`: all that a Quantity holds. */
  #only(number: number): string | undefined {
    let text: string | undefined;
    this.#each((field, wireType) => {
      if (field === number && wireType === 2) text = this.#reader.string();
      else this.#reader.skip(wireType);
    });
    return text;
  }

  /** Undefined for the zero time, which is an empty message. */
  #time(type: "Time" | "MicroTime"): string | undefined {
    let seconds = 0;
    let nanos = 0;
    let isEmpty = true;
    this.#each((number, wireType) => {
      isEmpty = false;
      if (number === 1 && wireType === 0) seconds = this.#reader.signed();
      else if (number === 2 && wireType === 0) nanos = this.#reader.signed();
      else this.#reader.skip(wireType);
    });
    if (isEmpty) return undefined;
    if (!(nanos >= 0 && nanos < 1e9)) throw malformed("a time has impossible nanoseconds");
    const time = type === "Time" ? timeOf(seconds) : microTimeOf(seconds, nanos);
    if (time === undefined) throw malformed("a time lies outside the years 0 to 9999");
    return time;
  }

  #intOrString(): string | number {
    let type = 0;
    let number = 0;
    let text = "";
    this.#each((field, wireType) => {
      if (field === 1 && wireType === 0) type = this.#reader.varint();
      else if (field === 2 && wireType === 0) number = this.#reader.signed() | 0;
      else if (field === 3 && wireType === 2) text = this.#reader.string();
      else this.#reader.skip(wireType);
    });
    return type === 1 ? text : number;
  }

  #raw(): unknown {
    let bytes: Uint8Array | undefined;
    this.#each((field, wireType) => {
      if (field === 1 && wireType === 2) bytes = this.#reader.bytes();
      else this.#reader.skip(wireType);
    });
    return bytes === undefined || bytes.length === 0 ? undefined : this.#decoding.decodeRaw(bytes);
  }

  #either(type: ScalarType): unknown {
    let schema: JsonObject | undefined;
    let allows: boolean | undefined;
    const list: unknown[] = [];
    this.#each((number, wireType) => {
      if (type === "JSONSchemaPropsOrBool" && number === 1 && wireType === 0) {
        allows = this.#reader.varint() !== 0;
      } else if (wireType !== 2) {
        this.#reader.skip(wireType);
      } else if (number === 2 && type === "JSONSchemaPropsOrStringArray") {
        list.push(this.#reader.string());
      } else {
        const isSchema = number === (type === "JSONSchemaPropsOrBool" ? 2 : 1);
        const outer = this.#reader.enter();
        const target: JsonObject = {};
        this.message(messageOf(schemaProps), target);
        this.#reader.leave(outer);
        if (isSchema) schema = target;
        else list.push(target);
      }
    });
    if (type === "JSONSchemaPropsOrBool") return schema ?? allows ?? false;
    return list.length > 0 ? list : (schema ?? []);
  }

  #each(field: (number: number, wireType: number) => void): void {
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.hasMore) {
      const tag = reader.varint();
      this.#decoding.count.add(1);
      field(Math.floor(tag / 8), tag % 8);
    }
    reader.leave(outer);
  }
}

const schemaProps = "apiextensions.v1.JSONSchemaProps";

/** Everything else is length-delimited. */
export const wireTypes: Readonly<Record<string, number>> = { bool: 0, int32: 0, int64: 0, double: 1 };

function expect(wireType: number, expected: number): void {
  if (wireType !== expected) throw malformed(`a field has wire type ${wireType} where ${expected} belongs`);
}

function isEmptyScalar(value: unknown): boolean {
  return value === "" || value === 0 || value === false;
}

function emptyOf(field: MessageField): Value {
  if (field.wrappedValues) return [];
  switch (field.value.type) {
    case "string":
    case "bytes":
      return "";
    case "Quantity":
      return "0";
    case "Time":
      return null;
    default:
      return {};
  }
}

function listIn(target: JsonObject, name: string): Value[] {
  const present = target[name];
  if (Array.isArray(present)) return present;
  const list: Value[] = [];
  target[name] = list as Value;
  return list;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed("a number is not finite, which JSON cannot say");
  return value;
}
