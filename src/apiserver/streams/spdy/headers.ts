import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { badRequest } from "#base";
import { spdyDictionary } from "./dictionary.ts";

/** Lower-case names. Several values of one name are joined by NUL in the format, by a comma here. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/**
 * Header blocks of one direction of a connection (section 2.6.10). One zlib stream runs through all of them, so they
 * must be packed, or unpacked, in the order of the connection: every call waits for the one before.
 */
export class HeaderPacker {
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  readonly #output: Collected = collect(this.#deflate, Number.POSITIVE_INFINITY);

  pack(headers: SpdyHeaders): Promise<Buffer> {
    return through(this.#deflate, this.#output, encodeBlock(headers));
  }

  close(): void {
    this.#deflate.close();
  }
}

export class HeaderUnpacker {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  readonly #output: Collected;

  /** Refuses blocks that unpack to more than `maxBytes`. */
  constructor(maxBytes: number) {
    this.#output = collect(this.#inflate, maxBytes);
  }

  async unpack(block: Uint8Array): Promise<SpdyHeaders> {
    return decodeBlock(await through(this.#inflate, this.#output, block));
  }

  close(): void {
    this.#inflate.close();
  }
}

interface Collected {
  take(): Buffer;
}

function collect(stream: Deflate | Inflate, maxBytes: number): Collected {
  let chunks: Buffer[] = [];
  let size = 0;
  // Whoever waits for the block in hand hears of an error through `errored`.
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes)
      stream.destroy(badRequest(`SPDY headers are longer than the ${maxBytes} bytes accepted`));
    else chunks.push(chunk);
  });
  return {
    take() {
      const all = Buffer.concat(chunks);
      chunks = [];
      size = 0;
      return all;
    },
  };
}

function through(stream: Deflate | Inflate, output: Collected, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error | null) =>
      reject(error ?? stream.errored ?? badRequest("the SPDY headers were cut off"));
    // A stream that fails within a write calls nobody back but closes.
    stream.once("close", fail);
    stream.write(input, (error) => {
      stream.off("close", fail);
      if (error ?? stream.errored) fail(error);
      else resolve(output.take());
    });
  });
}

function encodeBlock(headers: SpdyHeaders): Buffer {
  const entries = Object.entries(headers);
  const texts = entries
    .flatMap(([name, value]) => [name.toLowerCase(), value])
    .map((text) => Buffer.from(text, "utf8"));
  const block = Buffer.alloc(4 + texts.reduce((sum, text) => sum + 4 + text.length, 0));
  let at = block.writeUInt32BE(entries.length);
  for (const text of texts) {
    at = block.writeUInt32BE(text.length, at);
    at += text.copy(block, at);
  }
  return block;
}

function decodeBlock(block: Buffer): SpdyHeaders {
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw badRequest("SPDY headers end within a length");
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > block.length) throw badRequest("SPDY headers end within a value");
    at += length;
    return block.toString("utf8", at - length, at);
  };
  const entries: [string, string][] = [];
  for (let count = number(); count > 0; count -= 1) {
    const name = text().toLowerCase();
    entries.push([name, text().replaceAll("\0", ",")]);
  }
  return Object.fromEntries(entries);
}
