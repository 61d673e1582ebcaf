import { outputBytes } from "./limits.ts";

/**
 * What one program writes to a stream that outlives it, up to the line that ends it: a token and the exit code. Keeps the first
 * `outputBytes`. What an earlier program left running may write to the same stream at any time, also right behind that line.
 */
export class CapturedOutput {
  /** The exit code. */
  readonly done: Promise<number>;
  readonly #stream: NodeJS.ReadableStream;
  readonly #onData: (chunk: Buffer) => void;
  readonly #chunks: Buffer[] = [];
  /** Bytes so far; in the end, of what came before the line. */
  #size = 0;
  #kept = 0;
  #tail = "";

  constructor(stream: NodeJS.ReadableStream, token: string) {
    this.#stream = stream;
    const found = Promise.withResolvers<number>();
    this.done = found.promise;
    const mark = `\n${token} `;
    this.#onData = (chunk) => {
      if (this.#kept < outputBytes) this.#chunks.push(chunk.subarray(0, outputBytes - this.#kept));
      this.#kept = Math.min(this.#kept + chunk.length, outputBytes);
      this.#size += chunk.length;
      const seen = this.#tail + chunk.toString("latin1");
      this.#tail = seen.slice(-markBytes);
      const at = seen.lastIndexOf(mark);
      const end = at < 0 ? -1 : seen.indexOf("\n", at + mark.length);
      if (end < 0) return;
      this.#size -= seen.length - at;
      this.stop();
      found.resolve(Number(seen.slice(at + mark.length, end)));
    };
    stream.on("data", this.#onData);
  }

  stop(): void {
    this.#stream.removeListener("data", this.#onData);
  }

  text(): string {
    const kept = Buffer.concat(this.#chunks).subarray(0, Math.min(this.#size, outputBytes)).toString("utf8");
    return this.#size > outputBytes ? `${kept}\n[${this.#size - outputBytes} more bytes cut]` : kept;
  }
}

/** Room for the line that ends an output: a line end, the token, an exit code, a line end. */
const markBytes = 64;
