import { badRequest } from "#base";
import type { JsonObject } from "../json.ts";
import { typeOf } from "../schema/built-in.ts";
import { parseJsonBody } from "../schema/json-body.ts";
import { ValueCount } from "../schema/value-count.ts";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { maxEnvelopeDepth } from "./limits.ts";
import { malformed, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** The media type of Kubernetes protobuf. */
export const protobufMediaType = "application/vnd.kubernetes.protobuf";

/**
 * An object of a built-in kind from `application/vnd.kubernetes.protobuf`: four bytes `k8s\0`, then a message with the
 * kind and the object's own bytes. Gives what JSON would hold. Throws BadRequest for malformed bytes and unknown kinds.
 */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  return decodeEnvelope(bytes, 0, new ValueCount());
}

/** The same way back. `object` has `apiVersion` and `kind`, of a built-in kind; throws BadRequest for any other. */
export function encodeProtobuf(object: object): Uint8Array {
  const { apiVersion, kind } = object as { apiVersion?: string; kind?: string };
  const type = typeNamed(apiVersion ?? "", kind ?? "");
  const writer = new Writer();
  writeBytes(writer, encodeMessage(object as JsonObject, type), 2);
  const mark = writer.size;
  writeText(writer, kind ?? "", 2);
  writeText(writer, apiVersion ?? "", 1);
  writer.length(mark);
  writer.tag(1, 2);
  writer.bytes(magic);
  return writer.finish();
}

const magic = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

function decodeEnvelope(bytes: Uint8Array, depth: number, count: ValueCount): JsonObject {
  if (!startsWithMagic(bytes)) {
    throw malformed(
      'it does not begin with "k8s" and a zero byte, as application/vnd.kubernetes.protobuf does',
    );
  }
  if (depth > maxEnvelopeDepth) throw malformed(`objects are nested deeper than ${maxEnvelopeDepth} levels`);
  const { apiVersion, kind, raw } = readUnknown(new Reader(bytes.subarray(magic.length)));
  const object: JsonObject = { apiVersion, kind };
  const decodeRaw = (inner: Uint8Array) =>
    startsWithMagic(inner) ? decodeEnvelope(inner, depth + 1, count) : parseJsonBody(inner, count).value;
  decodeMessage(raw, typeNamed(apiVersion, kind), object, { decodeRaw, count });
  return object;
}

/** `runtime.Unknown`. */
function readUnknown(reader: Reader): { apiVersion: string; kind: string; raw: Uint8Array } {
  let apiVersion = "";
  let kind = "";
  let raw: Uint8Array = new Uint8Array();
  while (reader.hasMore) {
    const tag = reader.varint();
    if (tag === 0x0a) {
      const outer = reader.enter();
      while (reader.hasMore) {
        const inner = reader.varint();
        if (inner === 0x0a) apiVersion = reader.string();
        else if (inner === 0x12) kind = reader.string();
        else reader.skip(inner % 8);
      }
      reader.leave(outer);
    } else if (tag === 0x12) raw = reader.bytes();
    else reader.skip(tag % 8);
  }
  return { apiVersion, kind, raw };
}

function typeNamed(apiVersion: string, kind: string): string {
  const [first = "", second] = apiVersion.split("/");
  const type = typeOf(
    second === undefined ? { group: "", version: first, kind } : { group: first, version: second, kind },
  );
  if (type !== undefined) return type;
  throw badRequest(
    `no kind "${kind}" is registered for version "${apiVersion}" in protobuf: custom kinds travel as JSON`,
  );
}

function startsWithMagic(bytes: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function writeText(writer: Writer, text: string, number: number): void {
  const mark = writer.size;
  writer.string(text);
  writer.length(mark);
  writer.tag(number, 2);
}

function writeBytes(writer: Writer, bytes: Uint8Array, number: number): void {
  writer.bytes(bytes);
  writer.varint(bytes.length);
  writer.tag(number, 2);
}
