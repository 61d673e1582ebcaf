/**
 * Which nodes changed, in order. Whoever has worked something out per node remembers the position up to which it knows, and
 * later asks only about the nodes after it. What is older than the log is long has been forgotten.
 */
export class ChangeLog {
  readonly #nodes: Int32Array;
  #position = 0;

  constructor({ length }: { readonly length: number }) {
    this.#nodes = new Int32Array(length);
  }

  /** The position after the last change. */
  get position(): number {
    return this.#position;
  }

  add(node: number): void {
    this.#nodes[this.#position % this.#nodes.length] = node;
    this.#position += 1;
  }

  /** Whether all changes since this position are still known. */
  reaches(position: number): boolean {
    return this.#position - position <= this.#nodes.length;
  }

  /** The node of the change at this position. */
  at(position: number): number {
    return this.#nodes[position % this.#nodes.length] as number;
  }
}
