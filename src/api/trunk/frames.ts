import type { ChannelFrame } from "#base";

/**
 * A trunk carries all that a program and an API server have to say to each other over one TLS connection: requests side by side, their
 * answers as they become ready, and watches. What is said is what HTTP says (method, path, headers, status, body); left out is what HTTP costs
 * for each of them. Both sides agree on it as they shake hands (ALPN, RFC 7301); who does not know it speaks HTTP.
 *
 *     frame    = [u8 type][u32 length of what follows][u32 request][contents]
 *     contents = [u16 length of the head][head][body]   of requests and of what begins an answer, see heads.ts
 *              | bytes                                  of `data`
 *
 * Numbers are big-endian. A client numbers its requests 1, 2, 3 …; every frame about a request bears its number.
 */
export const trunkProtocol = "nacre-trunk/1";

export const trunkFrames = {
  /** From the client: a request, whole. */
  request: 1,
  /** From the client: nobody waits for this answer any more. */
  cancel: 2,
  /** From the client: too much of this answer lies unread, it shall wait. */
  hold: 3,
  /** From the client: it may go on. */
  release: 4,
  /** From the server: an answer, whole. */
  answer: 5,
  /** From the server: an answer whose body comes as `data`, until `end`. */
  begin: 6,
  data: 7,
  end: 8,
  /** From the server: what is left of this answer does not come. */
  broken: 9,
  /** From the server: it leaves. The request is the last that it looked at; later ones may be sent again elsewhere. */
  goodbye: 10,
} as const;

/** What comes before the contents of a frame. */
export function frameStart(type: number, request: number, contentsLength = 0): Uint8Array {
  const bytes = new Uint8Array(startLength);
  put(bytes, type, request, contentsLength);
  return bytes;
}

/** The same with a head, for contents that end with `bodyLength` bytes more. Throws RangeError when the head is too long. */
export function frameStartWithHead(
  type: number,
  request: number,
  head: string,
  bodyLength: number,
): Uint8Array {
  // In UTF-8 a character takes three bytes at most.
  const room = new Uint8Array(startLength + 2 + head.length * 3);
  const { written } = encoder.encodeInto(head, room.subarray(startLength + 2));
  if (written > maxHeadBytes) {
    throw new RangeError(`a head of ${written} bytes is longer than the ${maxHeadBytes} that are accepted`);
  }
  put(room, type, request, 2 + written + bodyLength);
  room[startLength] = written >> 8;
  room[startLength + 1] = written & 0xff;
  return room.subarray(0, startLength + 2 + written);
}

/** Which request a frame is about. Throws RangeError when it does not say. */
export function requestNumber({ payload }: ChannelFrame): number {
  if (payload.length < 4) throw new RangeError("a frame of a trunk names its request");
  return uint32(payload, 0);
}

/** The contents of a `data` frame. Shares memory with the frame. */
export function dataOf({ payload }: ChannelFrame): Uint8Array {
  return payload.subarray(4);
}

/** Head and body of a frame that has both; the body shares memory with the frame. Throws RangeError when it is cut short. */
export function contentsOf({ payload }: ChannelFrame): { head: string; body: Uint8Array } {
  const end = payload.length < 6 ? Number.POSITIVE_INFINITY : 6 + headLength(payload);
  if (end > payload.length) throw new RangeError("a frame of a trunk is shorter than it says");
  return { head: decoder.decode(payload.subarray(6, end)), body: payload.subarray(end) };
}

/** Longest head: as much as Node's HTTP server takes. */
export const maxHeadBytes = 16 * 1024;

/** Largest body of a request on a trunk: what is larger would hold up the others there, and comes over a connection of its own. */
export const maxTrunkBodyBytes = 256 * 1024;

/** Type, length, request. */
const startLength = 9;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function put(bytes: Uint8Array, type: number, request: number, contentsLength: number): void {
  bytes[0] = type;
  putUint32(bytes, 1, 4 + contentsLength);
  putUint32(bytes, 5, request);
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function uint32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function headLength(payload: Uint8Array): number {
  return ((payload[4] ?? 0) << 8) | (payload[5] ?? 0);
}
