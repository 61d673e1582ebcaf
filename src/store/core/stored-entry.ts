import { limits } from "../limits.ts";
import type { LogEntry } from "../log.ts";
import type { Entry, Revision } from "../store.ts";
import { bytesOf } from "./differences.ts";
import type { Templates } from "./templates.ts";

/**
 * An entry whose value is in one piece while it is new: then it is read by many, and mostly replaced soon. What has outlived the window is packed, and its
 * value made anew for whoever asks.
 */
export class StoredEntry implements Entry {
  readonly key: string;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly size: number;
  memo: unknown;
  /** True once something else stands under the key. */
  isReplaced = false;
  /** The value, or the template by which it is told. */
  #bytes: Uint8Array;
  /** Present when it is packed. */
  #differences: string | undefined;

  constructor({ key, value, createRevision, modRevision, memo }: LogEntry) {
    this.key = key;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.size = value.byteLength;
    this.memo = memo;
    this.#bytes = value;
    this.#differences = undefined;
  }

  get value(): Uint8Array {
    if (this.#differences === undefined) return this.#bytes;
    return bytesOf(this.#differences, this.#bytes, this.size);
  }

  /** Keeps the value by its differences from others, where it is like one. */
  pack(templates: Templates): void {
    if (this.#differences !== undefined || this.size > limits.packedBytes) return;
    const { template, differences } = templates.pack(this.#bytes);
    this.#bytes = template;
    this.#differences = differences;
  }
}
