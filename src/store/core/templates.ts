import { limits } from "../limits.ts";
import { differencesOf } from "./differences.ts";

/** A value as it is kept for long. */
export interface Packed {
  readonly template: Buffer;
  /** Absent: it is the template. */
  readonly differences: string | undefined;
}

/**
 * The values that others are told by. Most values are much like one of the same kind, of which there may be a hundred thousand; the first
 * that is like no other becomes a template itself.
 */
export class Templates {
  /** By the beginning of the values; the template that was of use last comes first. */
  readonly #families = new Map<string, Buffer[]>();
  #bytes = 0;

  pack(bytes: Uint8Array): Packed {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const head = value.toString("latin1", 0, limits.templateHeadBytes);
    const family = this.#families.get(head) ?? [];
    for (const [index, template] of family.entries()) {
      const differences = differencesOf(value, template);
      if (differences === undefined) continue;
      if (index > 0) family.unshift(...family.splice(index, 1));
      return { template, differences };
    }
    this.#add(head, value);
    return { template: value, differences: undefined };
  }

  #add(head: string, template: Buffer): void {
    if (this.#bytes + template.length > limits.templateBytes) {
      this.#families.clear();
      this.#bytes = 0;
    }
    const family = this.#families.get(head) ?? [];
    this.#families.set(head, family);
    this.#bytes += template.length;
    if (family.unshift(template) > limits.templates) this.#bytes -= family.pop()?.length ?? 0;
  }
}
