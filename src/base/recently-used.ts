export interface RecentlyUsedOptions<Key> {
  /** Of all that is kept together, at most. */
  readonly weight: number;
  readonly weightOf: (key: Key) => number;
}

/**
 * Keeps what was used lately. In two generations: what was used since the last turn, and what was used before it and is forgotten at the next.
 * So no order of use has to be kept at every read.
 */
export class RecentlyUsed<Key, Value> {
  readonly #options: RecentlyUsedOptions<Key>;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  /** Of the young. */
  #weight = 0;

  constructor(options: RecentlyUsedOptions<Key>) {
    this.#options = options;
  }

  /** What is kept under the key, and for longer from now on. */
  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** The same, without regard to how long it is kept. */
  peek(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    this.#weight += this.#options.weightOf(key);
    if (this.#weight <= this.#options.weight / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
  }
}
