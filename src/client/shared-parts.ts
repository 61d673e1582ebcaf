/** Parts of objects, each kept once however many objects have an equal one: thousands of pods are alike in nearly all that is kept of them. */
export class SharedParts {
  readonly #parts = new Map<string, unknown>();

  /** The part itself, or an equal one that came before. Nobody may change it. */
  of<T>(part: T): T {
    if (part === undefined) return part;
    const key = JSON.stringify(part);
    const known = this.#parts.get(key);
    if (known !== undefined) return known as T;
    // What is forgotten here is only shared less.
    if (this.#parts.size >= maxParts) this.#parts.clear();
    this.#parts.set(key, part);
    return part;
  }
}

const maxParts = 10_000;
