import { ApiError } from "#base";
import { watchLineBytes } from "./limits.ts";

/**
 * Cuts a stream of bytes into lines. Whole chunks are decoded at once, up to their last line feed: decoding per line
 * costs several times as much. Lines are JSON, so a line feed is never part of one.
 */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  readonly #decoder = new TextDecoder();

  /** The lines that `chunk` completes, without their ends; empty lines are left out. */
  push(chunk: Uint8Array): string[] {
    const end = chunk.lastIndexOf(lineFeed);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    const text = this.#takeRest() + this.#decoder.decode(chunk.subarray(0, end));
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
    return text.split("\n").filter(notEmpty);
  }

  #keep(chunk: Uint8Array): void {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    if (this.#restBytes > watchLineBytes) {
      throw new ApiError("RequestEntityTooLarge", `a watch event is longer than ${watchLineBytes} bytes`);
    }
  }

  /** What earlier chunks left. A character may be cut between them, so their bytes are joined before decoding… */
  #takeRest(): string {
    if (this.#restBytes === 0) return "";
    const parts = this.#rest;
    this.#rest = [];
    this.#restBytes = 0;
    // …and the last one may go on in the chunk at hand: the decoder keeps its unfinished bytes (`stream`).
    return parts.map((part) => this.#decoder.decode(part, { stream: true })).join("");
  }
}

const lineFeed = 0x0a;

function notEmpty(line: string): boolean {
  return line.length > 0;
}
