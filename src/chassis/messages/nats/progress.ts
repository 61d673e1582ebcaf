/**
 * How far a partition is handled. Its messages have the numbers of the topic's stream; they are taken in ascending
 * order, with gaps, and handled in any order.
 */
export interface ProgressRecord {
  /** All up to here are handled. */
  readonly position: number;
  /** And these, behind one that is not. */
  readonly handled: readonly number[];
}

export class Progress {
  #last: number;
  readonly #inHand = new Set<number>();
  readonly #handled: Set<number>;

  constructor({ position, handled }: ProgressRecord) {
    this.#last = position;
    this.#handled = new Set(handled);
  }

  /** Whether the message is to be handled: it is not known yet. */
  take(sequence: number): boolean {
    if (sequence <= this.#last) return false;
    this.#last = sequence;
    if (this.#handled.has(sequence)) return false;
    this.#inHand.add(sequence);
    return true;
  }

  handle(sequence: number): void {
    this.#inHand.delete(sequence);
    this.#handled.add(sequence);
  }

  record(): ProgressRecord {
    // Sets keep the order of insertion, which is that of the numbers: the first one is the least.
    const [first] = this.#inHand;
    const position = first === undefined ? this.#last : first - 1;
    for (const sequence of this.#handled) if (sequence <= position) this.#handled.delete(sequence);
    return { position, handled: [...this.#handled] };
  }
}
