/** One number per node. Whoever keeps a column reads `values` anew each time: it is replaced when there are more nodes than fit. */
export class FloatColumn {
  values: Float64Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const values = new Float64Array(capacity);
    values.set(this.values);
    this.values = values;
  }
}

/** Like `FloatColumn`, for counts and for the numbers of interned things. */
export class IntColumn {
  values: Int32Array;
  readonly #empty: number;

  /** `empty` is what a node has that nothing was said about. */
  constructor(capacity: number, { empty = 0 }: { readonly empty?: number } = {}) {
    this.#empty = empty;
    this.values = new Int32Array(capacity).fill(empty);
  }

  grow(capacity: number): void {
    const values = new Int32Array(capacity).fill(this.#empty);
    values.set(this.values);
    this.values = values;
  }
}
