import { IntColumn } from "./column.ts";
import { Interner } from "./interner.ts";

type Labels = Readonly<Record<string, string>>;

/** What a node has in a column whose label it lacks. */
export const absent = -1;

/**
 * The values of one label of nodes, as numbers. For topology such a number is a _domain_: the nodes with the same value.
 */
export class LabelColumn {
  readonly key: string;
  readonly #column: IntColumn;
  readonly #values = new Interner();
  /** Nodes by domain. */
  readonly #sizes: number[] = [];
  /** Domains with more than one node. */
  #crowded = 0;
  #flips = 0;

  constructor(key: string, capacity: number) {
    this.key = key;
    this.#column = new IntColumn(capacity, { empty: absent });
  }

  /** The domain of a node, or `absent`. */
  of(node: number): number {
    return this.#column.values[node] as number;
  }

  /** The domain of a value; a new one if no node has had it. */
  domain(value: string): number {
    return this.#values.id(value);
  }

  value(domain: number): string {
    return this.#values.text(domain);
  }

  /** Domains are smaller than this. */
  get limit(): number {
    return this.#values.size;
  }

  /** Whether no two nodes share a domain, as with host names: then domains are nodes. */
  get isUnique(): boolean {
    return this.#crowded === 0;
  }

  /** How often `isUnique` has changed. */
  get flips(): number {
    return this.#flips;
  }

  set(node: number, value: string | undefined): void {
    const { values } = this.#column;
    const before = values[node] as number;
    const after = value === undefined ? absent : this.domain(value);
    if (before === after) return;
    if (before !== absent) this.#resize(before, -1);
    if (after !== absent) this.#resize(after, 1);
    values[node] = after;
  }

  grow(capacity: number): void {
    this.#column.grow(capacity);
  }

  #resize(domain: number, by: 1 | -1): void {
    const before = this.#sizes[domain] ?? 0;
    const after = before + by;
    this.#sizes[domain] = after;
    const wasUnique = this.isUnique;
    if (before === 1 && after === 2) this.#crowded += 1;
    if (before === 2 && after === 1) this.#crowded -= 1;
    if (wasUnique !== this.isUnique) this.#flips += 1;
  }
}

/** A column for every label that some pod asks about; labels that nobody asks about cost nothing. */
export class LabelColumns {
  readonly #columns = new Map<string, LabelColumn>();
  readonly #labels: (Labels | undefined)[] = [];
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** All labels of a node. */
  of(node: number): Labels {
    return this.#labels[node] ?? none;
  }

  column(key: string): LabelColumn {
    const known = this.#columns.get(key);
    if (known) return known;
    const made = new LabelColumn(key, this.#capacity);
    for (let node = 0; node < this.#labels.length; node += 1)
      made.set(node, labelOf(this.#labels[node], key));
    this.#columns.set(key, made);
    return made;
  }

  set(node: number, labels: Labels | undefined): void {
    this.#labels[node] = labels;
    for (const column of this.#columns.values()) column.set(node, labelOf(labels, column.key));
  }

  /** How often `isUnique` has changed in any column. */
  get flips(): number {
    let flips = 0;
    for (const column of this.#columns.values()) flips += column.flips;
    return flips;
  }

  grow(capacity: number): void {
    this.#capacity = capacity;
    for (const column of this.#columns.values()) column.grow(capacity);
  }
}

function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

const none: Labels = {};
