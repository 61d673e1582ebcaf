import { assert } from "#base";

/**
 * Numbers for names: the same name gets the same number again whenever it can, also in another run, so that what the kernel
 * remembers by number outlives the agent. No two names have the same number at the same time.
 */
export class Marks {
  readonly #first: number;
  readonly #count: number;
  readonly #taken = new Set<number>();

  /** Gives numbers from `first` up to, but without, `end`. */
  constructor({ first, end }: { first: number; end: number }) {
    this.#first = first;
    this.#count = end - first;
  }

  take(name: string): number {
    assert(this.#taken.size < this.#count, `all ${this.#count} numbers are taken`);
    let place = hash(name) % this.#count;
    while (this.#taken.has(this.#first + place)) place = (place + 1) % this.#count;
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
