import { assert } from "#base";
import type { LogRecord } from "../log.ts";
import type { Provenance, Revision } from "../store.ts";

/** One change as it lies in the table and travels between the threads. */
export interface Row {
  readonly revision: Revision;
  readonly provenance: Provenance;
  readonly key: string;
  /** Absent for a delete. */
  readonly value: Uint8Array | undefined;
  /** 0 for a delete. */
  readonly createRevision: Revision;
}

/** A row as it leaves the worker: its value's memory is transferred, not copied. */
export type PlainRow = readonly [
  revision: number,
  key: string,
  value: Uint8Array | undefined,
  createRevision: number,
  at: number,
  user: string,
  verb: string,
  requestId: string,
];

export function toPlain({ revision, key, value, createRevision, provenance }: Row): PlainRow {
  const { at, user, verb, requestId } = provenance;
  return [revision, key, value, createRevision, at, user, verb, requestId];
}

export function fromPlain(plain: PlainRow): Row {
  const [revision, key, value, createRevision, at, user, verb, requestId] = plain;
  return { revision, key, value, createRevision, provenance: { at, user, verb, requestId } };
}

/*
 * As it enters the worker, many in one piece of memory:
 * float64 revision · float64 createRevision · float64 at · uint32 bytes of value, or `deleted` ·
 * uint16 bytes of key, user, verb, request id · key · user · verb · request id · value
 */
const headerBytes = 36;
const deleted = 0xffff_ffff;

/** Rows as bytes in an ArrayBuffer of their own, fit to be transferred. */
export function encodeRows(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const row of rows) length += rowBytes(row);
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const row of rows) at = writeRow(bytes, at, row);
  assert(at === length, "the length of rows was foretold");
  return bytes;
}

/** The rows in `bytes`. Their values are views into it. */
export function decodeRows(bytes: Uint8Array): Row[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: Row[] = [];
  for (let at = 0; at < buffer.length; ) {
    const valueBytes = buffer.readUInt32LE(at + 24);
    const key = at + headerBytes;
    const user = key + buffer.readUInt16LE(at + 28);
    const verb = user + buffer.readUInt16LE(at + 30);
    const request = verb + buffer.readUInt16LE(at + 32);
    const value = request + buffer.readUInt16LE(at + 34);
    const end = valueBytes === deleted ? value : value + valueBytes;
    rows.push({
      revision: buffer.readDoubleLE(at),
      createRevision: buffer.readDoubleLE(at + 8),
      key: buffer.toString("utf8", key, user),
      value: valueBytes === deleted ? undefined : buffer.subarray(value, end),
      provenance: {
        user: buffer.toString("utf8", user, verb),
        verb: buffer.toString("utf8", verb, request),
        requestId: buffer.toString("utf8", request, value),
        at: buffer.readDoubleLE(at + 16),
      },
    });
    at = end;
  }
  return rows;
}

/** A commit's changes as rows. */
export function rowsOf(records: readonly LogRecord[]): Row[] {
  return records.flatMap(({ revision, provenance, changes }) =>
    changes.map(({ key, value, createRevision }) => ({ revision, provenance, key, value, createRevision })),
  );
}

/** Rows in order, back as commits. A commit's rows must all be there. */
export function recordsOf(rows: readonly Row[]): LogRecord[] {
  const records: (LogRecord & { readonly changes: Row[] })[] = [];
  for (const row of rows) {
    const last = records.at(-1);
    if (last?.revision === row.revision) last.changes.push(row);
    else records.push({ revision: row.revision, provenance: row.provenance, changes: [row] });
  }
  return records;
}

/** How many bytes `encodeRows` needs for a row; also its size for the limits on history. */
export function rowBytes({ key, value, provenance }: Row): number {
  const { user, verb, requestId } = provenance;
  const text = Buffer.byteLength(key) + Buffer.byteLength(user) + Buffer.byteLength(verb);
  return headerBytes + text + Buffer.byteLength(requestId) + (value?.byteLength ?? 0);
}

function writeRow(bytes: Buffer, start: number, row: Row): number {
  bytes.writeDoubleLE(row.revision, start);
  bytes.writeDoubleLE(row.createRevision, start + 8);
  bytes.writeDoubleLE(row.provenance.at, start + 16);
  bytes.writeUInt32LE(row.value ? row.value.byteLength : deleted, start + 24);
  let at = start + headerBytes;
  const { user, verb, requestId } = row.provenance;
  const texts = [row.key, user, verb, requestId];
  for (let i = 0; i < texts.length; i += 1) {
    const written = bytes.write(texts[i] as string, at);
    bytes.writeUInt16LE(written, start + 28 + 2 * i);
    at += written;
  }
  if (!row.value) return at;
  bytes.set(row.value, at);
  return at + row.value.byteLength;
}
