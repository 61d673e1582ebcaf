import { must } from "#base";
import { limits } from "../limits.ts";
import type { LogEntry } from "../log.ts";
import type { Entry, Revision } from "../store.ts";
import { bytesOf } from "./differences.ts";
import type { Template, Templates } from "./templates.ts";

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
  /** The value in one piece; when it is packed its differences from the template. */
  #kept: Uint8Array | string;
  #template: Template | undefined;

  constructor({ key, value, createRevision, modRevision, memo }: LogEntry) {
    this.key = key;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.size = value.byteLength;
    this.memo = memo;
    this.#kept = value;
    this.#template = undefined;
  }

  get value(): Uint8Array {
    if (typeof this.#kept !== "string") return this.#kept;
    const { bytes, unpacked } = must(this.#template, "what is packed has a template");
    const known = unpacked.get(this);
    if (known) return known;
    // Memory of its own: a piece of the pool would keep 64 KB of others' for as long as it is kept.
    const value = bytesOf(this.#kept, bytes, Buffer.allocUnsafeSlow(this.size));
    unpacked.set(this, value);
    return value;
  }

  peek(): Uint8Array {
    if (typeof this.#kept !== "string") return this.#kept;
    const { bytes, unpacked } = must(this.#template, "what is packed has a template");
    return unpacked.peek(this) ?? bytesOf(this.#kept, bytes, Buffer.allocUnsafe(this.size));
  }

  /** Keeps the value by its differences from others, where it is like one. */
  pack(templates: Templates): void {
    if (typeof this.#kept === "string" || this.size > limits.packedBytes) return;
    const packed = templates.pack(this.#kept);
    if (!packed) return;
    this.#kept = packed.differences;
    this.#template = packed.template;
  }
}
