import { assert } from "#base";
import { limits } from "../limits.ts";

/*
 * Bytes told by their differences from a template, in characters of one byte. Until all is told, over and over: how many bytes are as in the
 * template; how many come instead of how many; those that come instead.
 *
 *   template  {"name":"web-1","node":"n7","phase":"Running"}
 *   bytes     {"name":"web-23","node":"n12","phase":"Running"}
 *             └── same ───┘└┘└─ same ─┘└┘└───── same ─────┘
 *
 * Bytes are taken for text whose parts end at quotes, as in JSON. Any others are told as truly, but at greater length.
 */

/** The differences of `bytes` from `template`; undefined when the two are not alike enough for it to be worth while. */
export function differencesOf(bytes: Uint8Array, template: Buffer): string | undefined {
  assert(
    bytes.length <= limits.packedBytes,
    "what is packed is looked through without anybody having a turn",
  );
  const most = bytes.length / limits.packedShare - maxHeadBytes;
  let searches = limits.searches;
  let at = 0;
  let from = 0;
  let told = 0;
  while (at < bytes.length) {
    const same = countSame(bytes, at, template, from);
    at += same;
    from += same;
    let end = nextQuote(bytes, at);
    let until = nextQuote(template, from);
    // Something was put in or left out: both go on where the template has what comes next in the bytes.
    while (end < bytes.length && !goesOnAlike(bytes, end, template, until)) {
      if (searches-- === 0) return undefined;
      const found = template.indexOf(bytes.subarray(end, end + landmarkBytes), from);
      if (found >= 0) until = found;
      else end = nextQuote(bytes, end + 1);
    }
    if (told + end - at > most) return undefined;
    told = writeCount(writeCount(writeCount(told, same), end - at), until - from);
    while (at < end) scratch[told++] = bytes[at++] as number;
    from = until;
  }
  return scratch.toString("latin1", 0, told);
}

/** Fills `bytes`, of their length, with what `differencesOf` has told. */
export function bytesOf(differences: string, template: Uint8Array, bytes: Buffer): Buffer {
  const { length } = bytes;
  const reader = new CountReader(differences);
  let at = 0;
  let from = 0;
  while (at < length) {
    const same = reader.next();
    const instead = reader.next();
    const skipped = reader.next();
    if (same >= worthACall) bytes.set(template.subarray(from, from + same), at);
    else for (let i = 0; i < same; i += 1) bytes[at + i] = template[from + i] as number;
    at += same;
    from += same + skipped;
    for (let i = 0; i < instead; i += 1) bytes[at + i] = differences.charCodeAt(reader.at + i);
    at += instead;
    reader.at += instead;
  }
  return bytes;
}

/** Where the differences that are told next are written. */
const scratch = Buffer.allocUnsafeSlow(limits.packedBytes);

/** Of three counts, each below 2²¹. */
const maxHeadBytes = 9;
/** So many bytes after a difference show that both texts go on alike. */
const alikeBytes = 8;
/** So many bytes are sought where they do not: enough to be found where they belong only. */
const landmarkBytes = 16;
/** Fewer bytes are copied faster one by one than by a call. */
const worthACall = 64;

function countSame(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number): number {
  const most = Math.min(a.length - aFrom, b.length - bFrom);
  let count = 0;
  while (count < most && a[aFrom + count] === b[bFrom + count]) count += 1;
  return count;
}

function nextQuote(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote) at += 1;
  return at;
}

function goesOnAlike(bytes: Uint8Array, at: number, template: Uint8Array, from: number): boolean {
  const enough = Math.min(alikeBytes, bytes.length - at);
  for (let i = 0; i < enough; i += 1) if (bytes[at + i] !== template[from + i]) return false;
  return true;
}

/** Seven bits to a byte, the lowest first; the highest bit says that more follow. */
function writeCount(at: number, count: number): number {
  let end = at;
  let rest = count;
  for (; rest > 0x7f; rest >>>= 7) scratch[end++] = (rest & 0x7f) | 0x80;
  scratch[end++] = rest;
  return end;
}

class CountReader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  next(): number {
    let count = 0;
    for (let shift = 0; ; shift += 7) {
      const code = this.#text.charCodeAt(this.at++);
      count |= (code & 0x7f) << shift;
      if (code < 0x80) return count;
    }
  }
}

const quote = 0x22;
