import { PassThrough } from "node:stream";
import type { Host } from "#host";
import { logReadBytes } from "./limits.ts";

/**
 * What a program writes from `offset` of its log on, taken out of the log's lines again: `TIME STREAM F|P TEXT`, where P means
 * that the line goes on (CRI logging format). This is how attached sessions get their output: conmon's socket is of a kind that Node cannot
 * open, and the log has the same bytes, in order, with their streams.
 */
export class LogFollower {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #host: Host;
  readonly #path: string;
  readonly #watch: { close(): void };
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);
  #changed = Promise.withResolvers<void>();
  #ending = false;

  constructor(host: Host, path: string, offset: number) {
    this.#host = host;
    this.#path = path;
    this.#offset = offset;
    const slash = path.lastIndexOf("/");
    this.#watch = host.files.watch(path.slice(0, slash), (name) => {
      if (name === path.slice(slash + 1)) this.#changed.resolve();
    });
    // A log that cannot be read ends the output, and nothing else.
    this.#pump().catch(() => {});
  }

  /** Reads what is there to its end, then ends both streams. */
  finish(): void {
    this.#ending = true;
    this.#changed.resolve();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const ending = this.#ending;
        this.#changed = Promise.withResolvers();
        while (await this.#read()) if (this.stdout.destroyed) return;
        if (ending || this.stdout.destroyed) return;
        if (!this.#ending) await this.#changed.promise;
      }
    } finally {
      this.#watch.close();
      this.stdout.end();
      this.stderr.end();
    }
  }

  async #read(): Promise<boolean> {
    let bytes = await this.#host.files.readRange(this.#path, this.#offset, logReadBytes);
    if (bytes.length === 0) {
      const size = (await this.#host.files.stat(this.#path))?.sizeBytes ?? this.#offset;
      if (size >= this.#offset) return false;
      // The log was rotated: a new file began.
      this.#offset = 0;
      bytes = await this.#host.files.readRange(this.#path, 0, logReadBytes);
    }
    this.#offset += bytes.length;
    let buffer = Buffer.concat([this.#rest, bytes]);
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10)) {
      await this.#line(buffer.subarray(0, end));
      buffer = buffer.subarray(end + 1);
    }
    this.#rest = buffer;
    return bytes.length > 0;
  }

  async #line(line: Buffer): Promise<void> {
    const afterTime = line.indexOf(32) + 1;
    const afterStream = line.indexOf(32, afterTime) + 1;
    const stream =
      line.toString("latin1", afterTime, afterStream - 1) === "stderr" ? this.stderr : this.stdout;
    const text = line.subarray(afterStream + 2);
    const whole = line[afterStream] === 0x46;
    const more = stream.write(whole ? Buffer.concat([text, newline]) : text);
    if (!more && !stream.destroyed) await drained(stream);
  }
}

/** Until more may be written, or nobody reads any more. */
async function drained(stream: PassThrough): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("drain", resolve).once("close", resolve);
  await promise;
  stream.off("drain", resolve).off("close", resolve);
}

const newline = Buffer.from("\n");
