import { absent, type LabelColumn } from "../nodes/label-columns.ts";

/** How many pods there are of some sort, by domain; only domains with pods take room. */
export class DomainCounts {
  readonly column: LabelColumn;
  readonly #inDomain = new Map<number, number>();
  #pods = 0;

  constructor(column: LabelColumn) {
    this.column = column;
  }

  /** All of them, also on nodes that lack the label. */
  get pods(): number {
    return this.#pods;
  }

  in(domain: number): number {
    return this.#inDomain.get(domain) ?? 0;
  }

  add(node: number, pods: number): void {
    this.#pods += pods;
    const domain = this.column.of(node);
    if (domain === absent) return;
    const count = this.in(domain) + pods;
    if (count === 0) this.#inDomain.delete(domain);
    else this.#inDomain.set(domain, count);
  }
}
