import type { KubernetesObject, ManagedFieldsEntry } from "#api";
import { assert } from "#base";
import type { Revision } from "#store";

/**
 * An object as bytes. `apiVersion`, `kind` and `metadata` come first, so that `stamp` finds the metadata without
 * parsing; the resource version is left out, because only the commit knows it.
 */
export function encode(object: KubernetesObject): Uint8Array {
  return encodeMarked(object).bytes;
}

/** An object as bytes, and where in them its managed fields are. */
export interface Marked {
  readonly bytes: Uint8Array;
  readonly managedFields: Stretch | undefined;
}

/** Some of an object's bytes, counted from their end: there nothing moves when a resource version is put in. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * As `encode`. Managed fields are the last of the metadata; `carried` are those of an object that comes without its own, as they lay in
 * the bytes of its earlier version.
 */
export function encodeMarked(object: KubernetesObject, carried?: Uint8Array): Marked {
  const { apiVersion, kind, metadata, ...rest } = object;
  assert(metadata?.uid, "an object that is stored has a uid");
  const { resourceVersion: _, managedFields, ...kept } = metadata;
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":${JSON.stringify(kept)}`;
  const restText = JSON.stringify(rest);
  const tail = restText === "{}" ? "}" : `,${restText.slice(1)}`;
  const fields = carried ?? (managedFields && managedFieldsBytes(managedFields));
  if (!fields) return { bytes: Buffer.from(head + tail), managedFields: undefined };
  return withFields(head.slice(0, -1), fields, `}${tail}`);
}

function withFields(before: string, fields: Uint8Array, after: string): Marked {
  const start = Buffer.byteLength(before);
  const end = Buffer.byteLength(after);
  const bytes = Buffer.allocUnsafe(start + fields.length + end);
  bytes.write(before, 0);
  bytes.set(fields, start);
  bytes.write(after, start + fields.length);
  return { bytes, managedFields: { start: end + fields.length, end } };
}

function managedFieldsBytes(entries: readonly ManagedFieldsEntry[]): Uint8Array {
  return Buffer.from(`,"managedFields":[${entries.map(managedFieldsText)}]`);
}

/** What is left of bytes before and after a stretch. */
export function around(bytes: Uint8Array, { start, end }: Stretch): [before: Uint8Array, after: Uint8Array] {
  return [bytes.subarray(0, bytes.length - start), bytes.subarray(bytes.length - end)];
}

/**
 * What `metadataOnly` makes of an object, cut out of its bytes: all of its metadata or all but the managed fields, which are its last part. Undefined
 * when they do not look like what `encode` makes.
 */
export function metadataIn(
  bytes: Uint8Array,
  managedFields: Stretch,
  which: "all" | "without fields",
): readonly Uint8Array[] | undefined {
  const at = asBuffer(bytes).indexOf(metadataStart);
  if (at < 0) return undefined;
  const fromEnd = which === "all" ? managedFields.end : managedFields.start;
  return [partialHead, bytes.subarray(at + metadataStart.length, bytes.length - fromEnd), partialTail];
}

const partialHead = Buffer.from('{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{');
const partialTail = Buffer.from("}}");

/** A stored value as readers see it, with its resource version: the `Stamp` of the stores that the API server uses. */
export function stamp(value: Uint8Array, revision: Revision): Uint8Array {
  if (value[0] !== openBrace) return value;
  const bytes = asBuffer(value);
  const at = bytes.indexOf(metadataStart);
  if (at < 0) return value;
  const from = at + metadataStart.length;
  const version = `"resourceVersion":"${revision}",`;
  const stamped = Buffer.allocUnsafeSlow(value.length + version.length);
  stamped.set(value.subarray(0, from), 0);
  stamped.write(version, from, "latin1");
  stamped.set(value.subarray(from), from + version.length);
  return stamped;
}

/** The bytes of an object with another resource version: the last word about an object that is gone. */
export function restamp(value: Uint8Array, from: Revision, to: Revision): Uint8Array {
  const bytes = asBuffer(value);
  const before = `"resourceVersion":"${from}",`;
  const at = bytes.indexOf(before, 0, "latin1");
  if (at < 0) return stamp(value, to);
  const rest = value.subarray(at + before.length);
  return stamp(Buffer.concat([value.subarray(0, at), rest]), to);
}

/** The inverse of `encode` and `stamp`. */
export function decode(bytes: Uint8Array): KubernetesObject {
  return JSON.parse(asBuffer(bytes).toString("utf8")) as KubernetesObject;
}

/** An object without its managed fields, and these as they lie in its bytes: to be carried over to its next version. */
export interface Parted {
  readonly object: KubernetesObject;
  readonly managedFields: Uint8Array | undefined;
}

/** As `decode`, but what is mostly the larger part is not looked at. */
export function decodeParted(bytes: Uint8Array, managedFields: Stretch): Parted {
  const [before, after] = around(bytes, managedFields);
  const text = asBuffer(before).toString("utf8") + asBuffer(after).toString("utf8");
  return {
    object: JSON.parse(text) as KubernetesObject,
    managedFields: bytes.subarray(before.length, bytes.length - after.length),
  };
}

/** A view of the same memory with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Field sets are written apart from all else: their keys hold quotes, which make V8 leave its fast way of writing JSON for the
 * whole object. Sets that many objects share are written once.
 */
function managedFieldsText(entry: ManagedFieldsEntry): string {
  const { fieldsV1, ...rest } = entry;
  if (!fieldsV1) return JSON.stringify(entry);
  return `${JSON.stringify(rest).slice(0, -1)},"fieldsV1":${sharedTexts.get(fieldsV1) ?? JSON.stringify(fieldsV1)}}`;
}

const sharedTexts = new WeakMap<FieldsV1, string>();

type FieldsV1 = NonNullable<ManagedFieldsEntry["fieldsV1"]>;

/** Says that many objects will have this very set, which never changes again. */
export function shareFieldSet(fieldsV1: FieldsV1): void {
  sharedTexts.set(fieldsV1, JSON.stringify(fieldsV1));
}

const openBrace = 0x7b;
const metadataStart = Buffer.from('"metadata":{');
