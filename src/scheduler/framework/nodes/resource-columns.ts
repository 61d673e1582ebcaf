import type { ResourceAmounts } from "#api";
import { FloatColumn } from "./column.ts";
import { Interner } from "./interner.ts";

/** How much of one resource nodes have, and how much of it is given away. */
export interface ResourceColumn {
  readonly name: string;
  readonly allocatable: FloatColumn;
  readonly requested: FloatColumn;
}

/** An amount of the resource with this number. */
export interface Amount {
  readonly resource: number;
  readonly amount: number;
}

/** A pair of columns for every resource that a node has or a pod asks for. */
export class ResourceColumns {
  readonly #names = new Interner();
  readonly #columns: ResourceColumn[] = [];
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  column(name: string): ResourceColumn {
    return this.at(this.#id(name));
  }

  at(resource: number): ResourceColumn {
    return this.#columns[resource] as ResourceColumn;
  }

  amounts(amounts: Readonly<ResourceAmounts>): readonly Amount[] {
    const list: Amount[] = [];
    for (const name in amounts) {
      const amount = amounts[name] ?? 0;
      if (amount !== 0) list.push({ resource: this.#id(name), amount });
    }
    return list;
  }

  setAllocatable(node: number, amounts: Readonly<ResourceAmounts>): void {
    for (const { allocatable } of this.#columns) allocatable.values[node] = 0;
    for (const { resource, amount } of this.amounts(amounts)) {
      this.at(resource).allocatable.values[node] = amount;
    }
  }

  request(node: number, amounts: readonly Amount[], sign: 1 | -1): void {
    for (const { resource, amount } of amounts) {
      const { values } = this.at(resource).requested;
      values[node] = (values[node] as number) + sign * amount;
    }
  }

  grow(capacity: number): void {
    this.#capacity = capacity;
    for (const { allocatable, requested } of this.#columns) {
      allocatable.grow(capacity);
      requested.grow(capacity);
    }
  }

  #id(name: string): number {
    const id = this.#names.id(name);
    this.#columns[id] ??= {
      name,
      allocatable: new FloatColumn(this.#capacity),
      requested: new FloatColumn(this.#capacity),
    };
    return id;
  }
}
