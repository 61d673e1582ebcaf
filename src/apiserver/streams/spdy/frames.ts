import { badRequest } from "#base";

/**
 * Frames of SPDY/3.1, as far as Kubernetes' conversations use them.
 *
 * ```
 *   control │1│ version 15 │ type 16 │ flags 8 │ length 24 │ payload      data │0│ stream id 31 │ flags 8 │ length 24 │ payload
 * ```
 */
export type SpdyFrame =
  | { readonly type: "data"; readonly streamId: number; readonly fin: boolean; readonly payload: Buffer }
  | {
      readonly type: "synStream";
      readonly streamId: number;
      readonly fin: boolean;
      readonly priority: number;
      /** Packed. */
      readonly headers: Buffer;
    }
  | { readonly type: "synReply"; readonly streamId: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly type: "rstStream"; readonly streamId: number; readonly status: number }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "goAway"; readonly lastStreamId: number; readonly status: number }
  | { readonly type: "headers"; readonly streamId: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly type: "windowUpdate"; readonly streamId: number; readonly delta: number }
  /** SETTINGS, and whatever later versions may bring. */
  | { readonly type: "other"; readonly code: number };

/** Status codes of RST_STREAM. */
export const spdyStatus = { protocolError: 1, refusedStream: 3, cancel: 5, internalError: 6 } as const;

const version = 3;
const codes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
const finFlag = 1;
const headerLength = 8;
const id31 = 0x7fff_ffff;

export function encodeSpdyFrame(frame: Exclude<SpdyFrame, { type: "other" }>): Buffer {
  switch (frame.type) {
    case "data":
      return Buffer.concat([
        head(frame.streamId & id31, frame.fin ? finFlag : 0, frame.payload.length),
        frame.payload,
      ]);
    case "synStream":
      return control(
        codes.synStream,
        frame.fin,
        Buffer.concat([words(frame.streamId, 0), Buffer.from([(frame.priority & 7) << 5, 0]), frame.headers]),
      );
    case "synReply":
      return control(codes.synReply, frame.fin, Buffer.concat([words(frame.streamId), frame.headers]));
    case "headers":
      return control(codes.headers, frame.fin, Buffer.concat([words(frame.streamId), frame.headers]));
    case "rstStream":
      return control(codes.rstStream, false, words(frame.streamId, frame.status));
    case "ping":
      return control(codes.ping, false, words(frame.id));
    case "goAway":
      return control(codes.goAway, false, words(frame.lastStreamId, frame.status));
    case "windowUpdate":
      return control(codes.windowUpdate, false, words(frame.streamId, frame.delta));
  }
}

/** Cuts a byte stream into frames. Throws on what is no SPDY/3.1, and on frames beyond `maxFrameBytes`. */
export class SpdyFrameDecoder {
  readonly #maxFrameBytes: number;
  #pending: Buffer = Buffer.alloc(0);
  /** More pieces of a frame that is not complete yet, joined once it is: large frames are not copied per piece. */
  #more: Buffer[] = [];
  #length = 0;
  #needed = headerLength;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(piece: Buffer): SpdyFrame[] {
    this.#more.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return [];
    this.#pending = Buffer.concat([this.#pending, ...this.#more]);
    this.#more = [];
    const frames: SpdyFrame[] = [];
    let at = 0;
    for (;;) {
      this.#needed = headerLength;
      if (this.#pending.length - at < headerLength) break;
      const length = this.#pending.readUInt32BE(at + 4) & 0xff_ffff;
      if (length > this.#maxFrameBytes)
        throw badRequest(`a SPDY frame of ${length} bytes is longer than accepted`);
      this.#needed = headerLength + length;
      if (this.#pending.length - at < this.#needed) break;
      frames.push(decode(this.#pending.subarray(at, at + this.#needed)));
      at += this.#needed;
    }
    this.#pending = this.#pending.subarray(at);
    this.#length = this.#pending.length;
    return frames;
  }
}

function decode(frame: Buffer): SpdyFrame {
  const first = frame.readUInt32BE(0);
  const fin = ((frame[4] ?? 0) & finFlag) !== 0;
  const payload = frame.subarray(headerLength);
  if ((first & 0x8000_0000) === 0) return { type: "data", streamId: first, fin, payload };
  if (first >>> 16 !== (0x8000 | version)) {
    throw badRequest(`SPDY version ${(first >>> 16) & 0x7fff} is not spoken here; version ${version} is`);
  }
  const code = first & 0xffff;
  if (payload.length < (leastLength[code] ?? 0))
    throw badRequest(`a SPDY frame of type ${code} is too short`);
  const streamId = payload.length >= 4 ? payload.readUInt32BE(0) & id31 : 0;
  switch (code) {
    case codes.synStream:
      return {
        type: "synStream",
        streamId,
        fin,
        priority: (payload[8] ?? 0) >> 5,
        headers: payload.subarray(10),
      };
    case codes.synReply:
      return { type: "synReply", streamId, fin, headers: payload.subarray(4) };
    case codes.headers:
      return { type: "headers", streamId, fin, headers: payload.subarray(4) };
    case codes.rstStream:
      return { type: "rstStream", streamId, status: payload.readUInt32BE(4) };
    case codes.ping:
      return { type: "ping", id: payload.readUInt32BE(0) };
    case codes.goAway:
      return { type: "goAway", lastStreamId: streamId, status: payload.readUInt32BE(4) };
    case codes.windowUpdate:
      return { type: "windowUpdate", streamId, delta: payload.readUInt32BE(4) & id31 };
    default:
      return { type: "other", code };
  }
}

/** Payload bytes a frame of each type has at the least. */
const leastLength: Readonly<Record<number, number>> = {
  [codes.synStream]: 10,
  [codes.synReply]: 4,
  [codes.headers]: 4,
  [codes.rstStream]: 8,
  [codes.ping]: 4,
  [codes.goAway]: 8,
  [codes.windowUpdate]: 8,
};

function control(code: number, fin: boolean, payload: Buffer): Buffer {
  return Buffer.concat([head(((0x8000 | version) << 16) | code, fin ? finFlag : 0, payload.length), payload]);
}

function head(first: number, flags: number, length: number): Buffer {
  const bytes = Buffer.alloc(headerLength);
  bytes.writeUInt32BE(first >>> 0, 0);
  bytes.writeUInt32BE(((flags << 24) | length) >>> 0, 4);
  return bytes;
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value >>> 0, index * 4);
  });
  return bytes;
}
