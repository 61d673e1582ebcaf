import { badRequest } from "#base";
import type { JsonObject } from "../json.ts";
import { secondsOf } from "../schema/time.ts";
import { decodeBase64 } from "./base64.ts";
import { wireTypes } from "./decode.ts";
import { type Message, type MessageField, messageOf, type ScalarType } from "./message.ts";
import { Writer } from "./writer.ts";

/** The bytes of one object as a message of its type. Fields that the type does not have are left out. */
export function encodeMessage(object: JsonObject, type: string): Uint8Array {
  const writer = new Writer();
  writeMessage(writer, object, messageOf(type));
  return writer.finish();
}

/** Back to front, as the writer works: the last field first, the last element first. */
function writeMessage(writer: Writer, object: JsonObject, message: Message): void {
  for (let index = message.fields.length - 1; index >= 0; index -= 1) {
    const field = message.fields[index] as MessageField;
    if (field.value.type === "inline") {
      const mark = writer.size;
      writeMessage(writer, object, field.value.message());
      if (writer.size > mark) close(writer, mark, field.number);
      continue;
    }
    const value = object[field.name];
    if (value !== undefined && value !== null) writeField(writer, field, value);
  }
}

function writeField(writer: Writer, field: MessageField, value: unknown): void {
  switch (field.container) {
    case "none":
      writeValue(writer, field, value);
      writer.tag(field.number, wireTypes[field.value.type] ?? 2);
      break;
    case "list":
      writeList(writer, field, value, field.number);
      break;
    case "wrapped": {
      const mark = writer.size;
      writeList(writer, field, value, 1);
      close(writer, mark, field.number);
      break;
    }
    default:
      for (const [key, item] of Object.entries(value as object).reverse()) {
        const mark = writer.size;
        if (field.wrappedValues) {
          writeList(writer, field, item, 1);
          close(writer, mark, 2);
        } else {
          writeValue(writer, field, item);
          writer.tag(2, 2);
        }
        writeString(writer, key, 1);
        close(writer, mark, field.number);
      }
  }
}

function writeList(writer: Writer, field: MessageField, value: unknown, number: number): void {
  if (!Array.isArray(value)) throw unfit(field.name, value);
  for (let index = value.length - 1; index >= 0; index -= 1) {
    writeValue(writer, field, value[index]);
    writer.tag(number, wireTypes[field.value.type] ?? 2);
  }
}

/** The value without its tag; with its length, where it has one. */
function writeValue(writer: Writer, field: MessageField, value: unknown): void {
  if (field.value.type === "message") {
    if (typeof value !== "object" || value === null) throw unfit(field.name, value);
    const mark = writer.size;
    writeMessage(writer, value as JsonObject, field.value.message());
    writer.length(mark);
  } else {
    writeScalar(writer, field.name, field.value.type as ScalarType, value);
  }
}

function writeScalar(writer: Writer, name: string, type: ScalarType, value: unknown): void {
  const mark = writer.size;
  switch (type) {
    case "bool":
      writer.varint(value === true ? 1 : 0);
      return;
    case "int32":
    case "int64":
      if (typeof value !== "number") throw unfit(name, value);
      writer.signed(value);
      return;
    case "double":
      if (typeof value !== "number") throw unfit(name, value);
      writer.double(value);
      return;
    case "string":
      writer.string(String(value));
      break;
    case "bytes":
      writer.bytes(bytesOf(name, value));
      break;
    case "Quantity":
      writeString(writer, String(value), 1);
      break;
    case "Time":
    case "MicroTime":
      writeTime(writer, name, type, value);
      break;
    case "IntOrString":
      writeIntOrString(writer, value);
      break;
    case "FieldsV1":
    case "RawExtension":
    case "JSON":
      writeString(writer, JSON.stringify(value), 1);
      break;
    default:
      writeEither(writer, name, type, value);
  }
  writer.length(mark);
}

function writeTime(writer: Writer, name: string, type: "Time" | "MicroTime", value: unknown): void {
  const instant = typeof value === "string" ? secondsOf(value) : undefined;
  if (instant === undefined) throw unfit(name, value);
  writer.signed(type === "Time" ? 0 : instant.nanos - (instant.nanos % 1000));
  writer.tag(2, 0);
  writer.signed(instant.seconds);
  writer.tag(1, 0);
}

function writeIntOrString(writer: Writer, value: unknown): void {
  const isText = typeof value === "string";
  writeString(writer, isText ? value : "", 3);
  writer.signed(isText ? 0 : Number(value));
  writer.tag(2, 0);
  writer.varint(isText ? 1 : 0);
  writer.tag(1, 0);
}

/** Schema and list or boolean side by side: the numbers differ among the three types. */
function writeEither(writer: Writer, name: string, type: ScalarType, value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value.toReversed()) {
      if (type === "JSONSchemaPropsOrStringArray") writeString(writer, String(item), 2);
      else writeSchema(writer, name, item, 2);
    }
  } else if (type !== "JSONSchemaPropsOrBool") {
    writeSchema(writer, name, value, 1);
  } else {
    if (typeof value !== "boolean") writeSchema(writer, name, value, 2);
    writer.varint(value === false ? 0 : 1);
    writer.tag(1, 0);
  }
}

function writeSchema(writer: Writer, name: string, value: unknown, number: number): void {
  if (typeof value !== "object" || value === null) throw unfit(name, value);
  const mark = writer.size;
  writeMessage(writer, value as JsonObject, messageOf("apiextensions.v1.JSONSchemaProps"));
  close(writer, mark, number);
}

function writeString(writer: Writer, value: string, number: number): void {
  const mark = writer.size;
  writer.string(value);
  close(writer, mark, number);
}

function close(writer: Writer, mark: number, number: number): void {
  writer.length(mark);
  writer.tag(number, 2);
}

function bytesOf(name: string, value: unknown): Uint8Array {
  try {
    return decodeBase64(String(value));
  } catch {
    throw unfit(name, value);
  }
}

function unfit(name: string, value: unknown): Error {
  return badRequest(
    `field ${name} cannot be written as protobuf: ${JSON.stringify(value)?.slice(0, 100)} does not fit its type`,
  );
}
