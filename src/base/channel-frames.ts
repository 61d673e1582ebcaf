/**
 * Several channels over one byte stream, as the conversations through a node's tunnel carry them (exec, attach):
 * `[u8 channel][u32 big-endian length][payload]`.
 */
export interface ChannelFrame {
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** The channels of a conversation with a container, both ways. */
export const channels = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** At the end: a `metav1.Status` as JSON. */
  error: 3,
  /** `{"Width":…,"Height":…}` */
  resize: 4,
  /** The payload is one byte: the channel that has ended. */
  close: 255,
} as const;

const headerLength = 5;

export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerLength + payload.length);
  bytes[0] = channel;
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, headerLength);
  return bytes;
}

/** Puts frames together from pieces cut anywhere. Throws when a frame is longer than `maxPayloadBytes`. */
export class FrameDecoder {
  readonly #maxPayloadBytes: number;
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** Of the next frame, as far as is known. */
  #wanted = headerLength;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Whether no frame has come in part. */
  get isWhole(): boolean {
    return this.#length === 0;
  }

  /** The frames that are complete with this piece. Payloads may share memory with the pieces. */
  push(piece: Uint8Array): ChannelFrame[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const frames: ChannelFrame[] = [];
    // What has come is put together when it is enough: a long frame in many pieces is copied once.
    while (this.#length >= this.#wanted) {
      const header = this.#peek(headerLength);
      const length = new DataView(header.buffer, header.byteOffset, headerLength).getUint32(1);
      if (length > this.#maxPayloadBytes) {
        throw new RangeError(
          `a frame of ${length} bytes is longer than the ${this.#maxPayloadBytes} that are accepted`,
        );
      }
      this.#wanted = headerLength + length;
      if (this.#length < this.#wanted) break;
      const frame = this.#peek(this.#wanted);
      frames.push({ channel: frame[0] as number, payload: frame.subarray(headerLength, this.#wanted) });
      this.#drop(this.#wanted);
      this.#wanted = headerLength;
    }
    return frames;
  }

  /** The first `length` bytes or more, as the first piece. */
  #peek(length: number): Uint8Array {
    const [first] = this.#pieces;
    if (first && first.length >= length) return first;
    const joined = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [joined];
    return joined;
  }

  /** Takes `length` bytes off the first piece, which holds them all. */
  #drop(length: number): void {
    const [first] = this.#pieces;
    this.#length -= length;
    if (!first || first.length === length) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(length);
  }
}
