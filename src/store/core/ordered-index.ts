import { assert } from "#base";
import { limits } from "../limits.ts";

/** What the index orders: anything with a key. */
export interface Keyed {
  readonly key: string;
}

/**
 * An ordered map from key to item as a B+-tree with copy-on-write nodes.
 *
 *   root ──► branch ──► leaf [items…]      `freeze()` gives the root away; from then on the tree copies a node
 *              │  └───► leaf [items…]      the first time it changes it. Frozen trees share all that is the same.
 *              └ first keys, counts
 *
 * Insert, delete, lookup and counting a prefix are O(log n); a scan touches only the leaves it returns.
 */
export class OrderedIndex<T extends Keyed> {
  #root: Node<T>;
  /** Nodes with this mark belong to this tree alone and may be changed in place. */
  #owner: Owner = {};

  constructor(frozen: FrozenIndex<T> | undefined = undefined) {
    this.#root = frozen?.root ?? { owner: this.#owner, items: [] };
  }

  /** An unchanging view; O(1). */
  freeze(): FrozenIndex<T> {
    this.#owner = {};
    return new FrozenIndex(this.#root);
  }

  get size(): number {
    return sizeOf(this.#root);
  }

  get(key: string): T | undefined {
    return find(this.#root, key);
  }

  /** Adds or replaces the item under its key; returns what it replaced. */
  set(item: T): T | undefined {
    const result: Replaced<T> = { previous: undefined };
    const split = this.#insert(this.#mutableRoot(), item, result);
    if (split) this.#root = makeBranch(this.#owner, [this.#root, split]);
    return result.previous;
  }

  /** Removes the key; returns what was there. */
  delete(key: string): T | undefined {
    const present = this.get(key);
    if (present === undefined) return undefined;
    this.#remove(this.#mutableRoot(), key);
    while (isBranch(this.#root) && this.#root.children.length === 1)
      this.#root = this.#root.children[0] as Node<T>;
    return present;
  }

  #mutableRoot(): Node<T> {
    this.#root = this.#mutable(this.#root);
    return this.#root;
  }

  #mutable(node: Node<T>): Node<T> {
    if (node.owner === this.#owner) return node;
    if (!isBranch(node)) return { owner: this.#owner, items: node.items.slice() };
    return {
      owner: this.#owner,
      children: node.children.slice(),
      firsts: node.firsts.slice(),
      size: node.size,
    };
  }

  /** `node` is mutable. Returns the right half when it had to be split. */
  #insert(node: Node<T>, item: T, result: Replaced<T>): Node<T> | undefined {
    if (!isBranch(node)) return this.#insertIntoLeaf(node, item, result);
    const at = childFor(node, item.key);
    const child = this.#mutable(node.children[at] as Node<T>);
    node.children[at] = child;
    const split = this.#insert(child, item, result);
    if (result.previous === undefined) node.size += 1;
    if (!split) return undefined;
    node.children.splice(at + 1, 0, split);
    node.firsts.splice(at + 1, 0, firstKey(split));
    if (node.children.length <= limits.indexFanout) return undefined;
    const middle = splitPoint(node.children.length, at);
    const right = makeBranch(this.#owner, node.children.splice(middle));
    node.firsts.length = middle;
    node.size -= right.size;
    return right;
  }

  #insertIntoLeaf(leaf: Leaf<T>, item: T, result: Replaced<T>): Leaf<T> | undefined {
    const at = lowerBound(leaf.items, item.key);
    const present = leaf.items[at];
    if (present !== undefined && present.key === item.key) {
      leaf.items[at] = item;
      result.previous = present;
      return undefined;
    }
    if (at === leaf.items.length) leaf.items.push(item);
    else leaf.items.splice(at, 0, item);
    if (leaf.items.length <= limits.indexFanout) return undefined;
    return { owner: this.#owner, items: leaf.items.splice(splitPoint(leaf.items.length, at)) };
  }

  /** `node` is mutable and holds the key. */
  #remove(node: Node<T>, key: string): void {
    if (!isBranch(node)) {
      const at = lowerBound(node.items, key);
      assert(node.items[at]?.key === key, `the index lost its way to ${key}`);
      node.items.splice(at, 1);
      return;
    }
    const at = childFor(node, key);
    const child = this.#mutable(node.children[at] as Node<T>);
    node.children[at] = child;
    this.#remove(child, key);
    node.size -= 1;
    this.#mergeIfSmall(node, at);
  }

  /** Joins a child that has become small with a neighbour, when both fit into one with room to grow. */
  #mergeIfSmall(node: Branch<T>, at: number): void {
    const width = widthOf(node.children[at] as Node<T>);
    if (width > limits.indexFanout / 4 || node.children.length === 1) return;
    if (sizeOf(node.children[at] as Node<T>) === 0) {
      node.children.splice(at, 1);
      node.firsts.splice(at, 1);
      return;
    }
    const left = at > 0 ? at - 1 : at;
    const a = node.children[left] as Node<T>;
    const b = node.children[left + 1] as Node<T>;
    if (widthOf(a) + widthOf(b) > (limits.indexFanout * 3) / 4) return;
    node.children.splice(left, 2, joined(this.#owner, a, b));
    node.firsts.splice(left + 1, 1);
  }
}

/** An unchanging view of an `OrderedIndex`. */
export class FrozenIndex<T extends Keyed> {
  readonly root: Node<T>;

  constructor(root: Node<T>) {
    this.root = root;
  }

  get size(): number {
    return sizeOf(this.root);
  }

  get(key: string): T | undefined {
    return find(this.root, key);
  }

  /** Items whose key starts with `prefix`, in order, from the first key after `after`, at most `limit`. */
  scan(prefix: string, after: string | undefined, limit: number): T[] {
    const found: T[] = [];
    if (limit > 0) collect(this.root, startOf(prefix, after), endOf(prefix), limit, found);
    return found;
  }

  /** How many items `scan` would find without a limit. */
  count(prefix: string, after: string | undefined): number {
    const end = endOf(prefix);
    const before = end === undefined ? sizeOf(this.root) : rank(this.root, end);
    return Math.max(0, before - rank(this.root, startOf(prefix, after)));
  }
}

type Owner = object;

interface Leaf<T> {
  readonly owner: Owner;
  readonly items: T[];
}

interface Branch<T> {
  readonly owner: Owner;
  readonly children: Node<T>[];
  /** Lower bounds of the children's keys; the first one's is not looked at. */
  readonly firsts: string[];
  size: number;
}

type Node<T> = Leaf<T> | Branch<T>;

interface Replaced<T> {
  previous: T | undefined;
}

function isBranch<T>(node: Node<T>): node is Branch<T> {
  return "children" in node;
}

function makeBranch<T extends Keyed>(owner: Owner, children: Node<T>[]): Branch<T> {
  const size = children.reduce((sum, child) => sum + sizeOf(child), 0);
  return { owner, children, firsts: children.map(firstKey), size };
}

/** Keys that arrive in order fill their nodes, instead of leaving a trail of half-empty ones. */
function splitPoint(width: number, insertedAt: number): number {
  return insertedAt >= width - 2 ? width - 1 : width >> 1;
}

function joined<T extends Keyed>(owner: Owner, a: Node<T>, b: Node<T>): Node<T> {
  if (isBranch(a) && isBranch(b)) return makeBranch(owner, [...a.children, ...b.children]);
  assert(!isBranch(a) && !isBranch(b), "neighbours in the index have the same height");
  return { owner, items: [...a.items, ...b.items] };
}

function sizeOf<T>(node: Node<T>): number {
  return isBranch(node) ? node.size : node.items.length;
}

function widthOf<T>(node: Node<T>): number {
  return isBranch(node) ? node.children.length : node.items.length;
}

/** Of a node's first item. Only the root may be empty: an empty child is taken out of its parent at once. */
function firstKey<T extends Keyed>(node: Node<T>): string {
  let at = node;
  while (isBranch(at)) at = at.children[0] as Node<T>;
  return at.items[0]?.key ?? "";
}

function find<T extends Keyed>(root: Node<T>, key: string): T | undefined {
  let node = root;
  while (isBranch(node)) node = node.children[childFor(node, key)] as Node<T>;
  const item = node.items[lowerBound(node.items, key)];
  return item !== undefined && item.key === key ? item : undefined;
}

/** The position of the first item that is not below `key`. */
function lowerBound<T extends Keyed>(items: readonly T[], key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as T).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last child whose lower bound is not above `key`. */
function childFor<T>(node: Branch<T>, key: string): number {
  let low = 1;
  let high = node.firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((node.firsts[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How many items lie below `key`. */
function rank<T extends Keyed>(root: Node<T>, key: string): number {
  let node = root;
  let below = 0;
  while (isBranch(node)) {
    const at = childFor(node, key);
    for (let i = 0; i < at; i += 1) below += sizeOf(node.children[i] as Node<T>);
    node = node.children[at] as Node<T>;
  }
  return below + lowerBound(node.items, key);
}

/** Appends items in [start, end) to `found`, until it holds `limit`. False: no need to look further right. */
function collect<T extends Keyed>(
  node: Node<T>,
  start: string,
  end: string | undefined,
  limit: number,
  found: T[],
): boolean {
  if (isBranch(node)) {
    for (let at = childFor(node, start); at < node.children.length; at += 1) {
      if (!collect(node.children[at] as Node<T>, start, end, limit, found)) return false;
    }
    return true;
  }
  const { items } = node;
  const last = items.at(-1);
  const ends = end !== undefined && last !== undefined && last.key >= end;
  const stop = ends ? lowerBound(items, end) : items.length;
  for (let at = lowerBound(items, start); at < stop; at += 1) {
    found.push(items[at] as T);
    if (found.length >= limit) return false;
  }
  return !ends;
}

/** The least key that a scan may return. No string lies between a key and that key followed by U+0000. */
function startOf(prefix: string, after: string | undefined): string {
  return after === undefined || after < prefix ? prefix : `${after}\u0000`;
}

/** The least key above all that start with `prefix`; undefined when there is none. */
function endOf(prefix: string): string | undefined {
  for (let at = prefix.length - 1; at >= 0; at -= 1) {
    const unit = prefix.charCodeAt(at);
    if (unit < 0xffff) return prefix.slice(0, at) + String.fromCharCode(unit + 1);
  }
  return undefined;
}
