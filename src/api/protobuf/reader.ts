import { badRequest } from "#base";

const decoder = new TextDecoder();

/** Reads the protobuf wire format from bytes that may be anything: whatever does not fit throws BadRequest. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.length;
  }

  get hasMore(): boolean {
    return this.#at < this.#end;
  }

  /** Confines reading to the next length-delimited field. Returns the outer end, for `leave`. */
  enter(): number {
    const length = this.varint();
    if (length > this.#end - this.#at) throw malformed("a field is longer than what follows it");
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** Unsigned, exact below 2^53; larger ones lose precision as they do in JSON. */
  varint(): number {
    let result = 0;
    let factor = 1;
    for (let read = 0; read < 10; read += 1) {
      const byte = this.#byte();
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
      factor *= 128;
    }
    throw malformed("a number is longer than ten bytes");
  }

  /** Two's complement, as both int32 and int64 are written. */
  signed(): number {
    let low = 0;
    let high = 0;
    for (let read = 0; read < 10; read += 1) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      const shift = read * 7;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) return high * 0x1_0000_0000 + (low >>> 0);
    }
    throw malformed("a number is longer than ten bytes");
  }

  double(): number {
    if (this.#end - this.#at < 8) throw malformed("a floating-point number is cut off");
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  string(): string {
    return decoder.decode(this.bytes());
  }

  bytes(): Uint8Array {
    const length = this.varint();
    if (length > this.#end - this.#at) throw malformed("a field is longer than what follows it");
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Passes over a field that the tables do not have. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.#advance(this.varint());
    else if (wireType === 5) this.#advance(4);
    else throw malformed(`wire type ${wireType} does not exist here`);
  }

  #advance(length: number): void {
    if (length > this.#end - this.#at) throw malformed("a field is longer than what follows it");
    this.#at += length;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed("it ends within a number");
    const byte = this.#bytes[this.#at] as number;
    this.#at += 1;
    return byte;
  }
}

export function malformed(why: string): Error {
  return badRequest(`the body could not be read as Kubernetes protobuf: ${why}`);
}
