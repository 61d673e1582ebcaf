/** What the last calls took, to know what is unusually long. */
export class RecentDurations {
  readonly #kept: number[] = [];
  #at = 0;
  /** Sorting is for every so many: a quantile does not change with each call. */
  #sorted: readonly number[] = [];

  add(durationMs: number): void {
    this.#kept[this.#at] = durationMs;
    this.#at = (this.#at + 1) % keptCount;
    if (this.#at % refresh === 0) this.#sorted = [...this.#kept].sort((a, b) => a - b);
  }

  /** The duration that this share of calls stays below; undefined until there were enough to say. */
  quantile(share: number): number | undefined {
    return this.#sorted[Math.floor(share * this.#sorted.length)];
  }
}

const keptCount = 256;
const refresh = 32;
