import { RecentlyUsed } from "#base";
import { limits } from "../limits.ts";
import type { Entry } from "../store.ts";
import { differencesOf } from "./differences.ts";

/** A value as it is kept for long. */
export interface Packed {
  readonly template: Template;
  readonly differences: string;
}

export interface Template {
  readonly bytes: Buffer;
  /** Values that were asked for lately, of this and all other templates. */
  readonly unpacked: RecentlyUsed<Entry, Uint8Array>;
}

/**
 * The values that others are told by. Most values are much like one of the same kind, of which there may be a hundred thousand; the first
 * that is like no other becomes a template itself.
 */
export class Templates {
  /** By the beginning of the values; the template that was of use last comes first. */
  readonly #families = new Map<string, Template[]>();
  /** What is listed is mostly listed again. */
  readonly #unpacked = new RecentlyUsed<Entry, Uint8Array>({
    weight: limits.unpackedBytes,
    weightOf: ({ size }) => size,
  });
  #bytes = 0;

  /** Undefined: it is like no other, and has become a template. */
  pack(bytes: Uint8Array): Packed | undefined {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const head = value.toString("latin1", 0, limits.templateHeadBytes);
    const family = this.#families.get(head) ?? [];
    for (const [index, template] of family.entries()) {
      const differences = differencesOf(value, template.bytes);
      if (differences === undefined) continue;
      if (index > 0) family.unshift(...family.splice(index, 1));
      return { template, differences };
    }
    this.#add(head, { bytes: value, unpacked: this.#unpacked });
    return undefined;
  }

  #add(head: string, template: Template): void {
    if (this.#bytes + template.bytes.length > limits.templateBytes) {
      this.#families.clear();
      this.#bytes = 0;
    }
    const family = this.#families.get(head) ?? [];
    this.#families.set(head, family);
    this.#bytes += template.bytes.length;
    if (family.unshift(template) > limits.templates) this.#bytes -= family.pop()?.bytes.length ?? 0;
  }
}
