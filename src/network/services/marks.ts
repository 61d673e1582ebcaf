import { limits } from "../limits.ts";

/**
 * Numbers for names: the same name gets the same number again whenever it can, also in another run, so that what the kernel
 * remembers by number outlives the agent. No two names have the same number at the same time.
 */
export class Marks {
  readonly #first: number;
  readonly #taken = new Set<number>();

  /** Gives numbers from `first` on. */
  constructor(first: number) {
    this.#first = first;
  }

  take(name: string): number {
    const count = limits.marks - this.#first;
    let place = hash(name) % count;
    while (this.#taken.has(this.#first + place)) place = (place + 1) % count;
    this.#taken.add(this.#first + place);
    return this.#first + place;
  }

  release(mark: number): void {
    this.#taken.delete(mark);
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
