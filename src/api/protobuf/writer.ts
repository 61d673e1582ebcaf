const encoder = new TextEncoder();

/**
 * Writes the protobuf wire format from back to front, so that a message's length is known when its turn comes: write
 * the content, then `length(since)`, then the tag.
 */
export class Writer {
  #bytes: Uint8Array = new Uint8Array(1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  /** First byte written so far. */
  #at = 1024;

  /** How much is written: a mark for `length`. */
  get size(): number {
    return this.#bytes.length - this.#at;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** The length of what was written since `size` was `mark`. */
  length(mark: number): void {
    this.varint(this.size - mark);
  }

  varint(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
    this.#reserve(length);
    let rest = value;
    for (let index = 0; index < length; index += 1) {
      this.#bytes[this.#at + index] = (rest % 128) | (index === length - 1 ? 0 : 0x80);
      rest = Math.floor(rest / 128);
    }
  }

  signed(value: number): void {
    if (value >= 0) {
      this.varint(value);
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let index = 0; index < 10; index += 1) {
      this.#bytes[this.#at + index] = Number(rest & 0x7fn) | (index === 9 ? 0 : 0x80);
      rest >>= 7n;
    }
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
  }

  string(value: string): void {
    this.bytes(encoder.encode(value));
  }

  #reserve(length: number): void {
    if (length > this.#at) this.#grow(length);
    this.#at -= length;
  }

  #grow(length: number): void {
    const { size } = this;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, size + length));
    bytes.set(this.#bytes.subarray(this.#at), bytes.length - size);
    this.#at = bytes.length - size;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
