import { tarExtensionBytes } from "./limits.ts";

/** One entry of a tar stream: its blocks as they were, and what they say. */
export interface TarEntry {
  /** Header blocks as they came, extension headers (pax, GNU long names) first: written again, they mean the same. */
  readonly blocks: Buffer;
  /** As in the archive, extensions applied. */
  readonly name: string;
  readonly linkName: string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` `4` devices, `5` directory, `6` FIFO. */
  readonly type: string;
  /** Bytes of content, without padding. */
  readonly size: number;
}

/** A layer or archive is not what it should be: their input, not our bug. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/**
 * Reads a tar stream (POSIX.1-2001 pax, GNU long names) entry by entry. Between two entries the content is read with
 * `content()`, or skipped. Headers stay as raw bytes, because a library that takes them apart loses binary extended attributes.
 */
export class TarReader {
  readonly #source: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #left = 0;
  #padding = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next entry; undefined at the archive's end. */
  async next(): Promise<TarEntry | undefined> {
    for await (const _skipped of this.content()) {
      // What nobody read.
    }
    const blocks: Buffer[] = [];
    const found: { name?: string; linkName?: string; size?: number } = {};
    for (;;) {
      const header = await this.#read(512);
      if (!header || isZero(header)) {
        if (blocks.length > 0) throw new TarError("the archive ends in the middle of an entry");
        await this.#drain();
        return undefined;
      }
      checkSum(header);
      const type = header[156] === 0 ? "0" : String.fromCharCode(header[156] ?? 0);
      const size = number(header, 124, 12);
      if (type === "x" || type === "g" || type === "L" || type === "K") {
        if (size > tarExtensionBytes) throw new TarError(`an extension header of ${size} bytes`);
        const padded = await this.#read(Math.ceil(size / 512) * 512);
        if (!padded) throw new TarError("the archive ends in an extension header");
        const content = padded.subarray(0, size);
        // A global header speaks about the archive (git's commit), never about one image file.
        if (type === "g") continue;
        blocks.push(header, padded);
        if (type === "L") found.name = text(content, 0, size);
        else if (type === "K") found.linkName = text(content, 0, size);
        else applyPax(content, found);
        continue;
      }
      blocks.push(header);
      const hasContent = type === "0" || type === "7";
      this.#left = hasContent ? (found.size ?? size) : 0;
      this.#padding = (512 - (this.#left % 512)) % 512;
      return {
        blocks: Buffer.concat(blocks),
        name: found.name ?? ustarName(header),
        linkName: found.linkName ?? text(header, 157, 100),
        type: type === "7" ? "0" : type,
        size: this.#left,
      };
    }
  }

  /** The current entry's content with its padding to whole blocks, as it came. */
  async *content(): AsyncGenerator<Buffer> {
    let left = this.#left + this.#padding;
    this.#left = 0;
    this.#padding = 0;
    while (left > 0) {
      if (this.#buffer.length === 0 && !(await this.#fill()))
        throw new TarError("the archive ends in a file");
      const chunk = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  async #read(size: number): Promise<Buffer | undefined> {
    if (size === 0) return Buffer.alloc(0);
    while (this.#buffer.length < size) if (!(await this.#fill())) return undefined;
    const found = this.#buffer.subarray(0, size);
    this.#buffer = this.#buffer.subarray(size);
    return found;
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
    return true;
  }

  /** What follows the end belongs to the stream's digest: it is read, and forgotten. */
  async #drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function checkSum(header: Buffer): void {
  let sum = 8 * 32;
  for (let i = 0; i < 512; i += 1) if (i < 148 || i >= 156) sum += header[i] ?? 0;
  if (sum !== number(header, 148, 8))
    throw new TarError("a header with a wrong check sum: not a tar archive, or damaged");
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString("utf8", start, end < 0 || end > start + length ? start + length : end);
}

/** Octal digits, or with the top bit set a big-endian binary number (GNU, for what octal digits cannot hold). */
function number(block: Buffer, start: number, length: number): number {
  if ((block[start] ?? 0) & 0x80) {
    let value = (block[start] ?? 0) & 0x7f;
    for (let i = 1; i < length; i += 1) value = value * 256 + (block[start + i] ?? 0);
    return value;
  }
  return Number.parseInt(text(block, start, length).trim() || "0", 8);
}

function ustarName(header: Buffer): string {
  const name = text(header, 0, 100);
  // GNU's own format keeps other things where POSIX keeps the prefix.
  const posix = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = posix ? text(header, 345, 155) : "";
  return prefix ? `${prefix}/${name}` : name;
}

/** Records of a pax header: `LENGTH KEY=VALUE\n`. Only what moves an entry or its end matters here. */
function applyPax(content: Buffer, found: { name?: string; linkName?: string; size?: number }): void {
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(32, at);
    const length = space < 0 ? 0 : Number.parseInt(content.toString("latin1", at, space), 10);
    if (!(length > 0)) throw new TarError("a damaged pax header");
    const equals = content.indexOf(61, space);
    const key = content.toString("utf8", space + 1, equals);
    const value = () => content.toString("utf8", equals + 1, at + length - 1);
    if (key === "path") found.name = value();
    else if (key === "linkpath") found.linkName = value();
    else if (key === "size") found.size = Number.parseInt(value(), 10);
    else if (key.startsWith("GNU.sparse."))
      throw new TarError("a sparse file, which image layers do not have");
    at += length;
  }
}
