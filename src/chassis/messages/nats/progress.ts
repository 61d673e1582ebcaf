/** How far a partition is handled, as it is kept. */
export interface Position {
  /** Everything up to this sequence is handled, but for what is open. */
  readonly upTo: number;
  /** Sequence, and which attempt is next. Ascending. */
  readonly open: readonly (readonly [sequence: number, attempt: number])[];
}

/** How far a partition is handled, in which keys overtake one another. */
export class Progress {
  #upTo: number;
  /** Everything that was read and is not handled, in the order of its sequences. */
  readonly #open: Map<number, number>;
  readonly #before: number;
  readonly #left: ReadonlySet<number>;

  constructor({ upTo, open }: Position) {
    this.#upTo = upTo;
    this.#before = upTo;
    this.#open = new Map(open);
    this.#left = new Set(this.#open.keys());
  }

  /** The first sequence that may have to be handled. */
  get from(): number {
    const [first] = this.#open.keys();
    return first ?? this.#upTo + 1;
  }

  /** Whether what was read is to be handled, and as which attempt: 0, when it is handled already. */
  read(sequence: number): number {
    if (sequence <= this.#before) return this.#left.has(sequence) ? (this.#open.get(sequence) ?? 0) : 0;
    this.#open.set(sequence, 1);
    return 1;
  }

  handled(sequence: number): void {
    this.#open.delete(sequence);
    this.#upTo = Math.max(this.#upTo, sequence);
  }

  failed(sequence: number, next: number): void {
    this.#open.set(sequence, next);
    this.#upTo = Math.max(this.#upTo, sequence);
  }

  position(): Position {
    const open: [number, number][] = [];
    for (const [sequence, attempt] of this.#open) {
      if (sequence > this.#upTo) break;
      open.push([sequence, attempt]);
    }
    return { upTo: this.#upTo, open };
  }
}
