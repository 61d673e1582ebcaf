/**
 * A set of fields in the very form in which it is stored (`fieldsV1`): a tree of path elements. `f:NAME` is a field or
 * a key of a map, `k:{…}` an element of a list by its keys, `v:…` a value of a set. A node is itself in the set when it
 * is empty or has the child `.`; the root of a set never is, so that `{}` as a root is the empty set.
 */
export interface FieldSet {
  [element: string]: FieldSet;
}

/** Whether a node below the root is itself in the set. */
export function isMember(node: FieldSet): boolean {
  // In this order: V8 lists all keys of a large object before it gives the first.
  return "." in node || isEmptySet(node);
}

export function isEmptySet(root: FieldSet): boolean {
  for (const _ in root) return false;
  return true;
}

/** A node without children. One for all: an object can have tens of thousands of fields. */
export const leaf: FieldSet = Object.freeze({});

/** Adds a node to the set, keeping its children. */
export function addMember(node: FieldSet): void {
  for (const _ in node) {
    node["."] = leaf;
    return;
  }
}

/** What is in either set. Shares nodes with both; it is `a` itself when that has all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result: FieldSet | undefined;
  for (const element in b) {
    if (element === ".") continue;
    const left = a[element];
    const right = b[element] as FieldSet;
    const both = left === undefined ? right : unionOfNodes(left, right);
    if (both === left) continue;
    result ??= childrenOf(a);
    result[element] = both;
  }
  return result ?? a;
}

/** What is in any of many sets, without a copy for each. Shares nodes with them. */
export function unionOfAll(sets: readonly FieldSet[]): FieldSet {
  const nodes = new Map<string, FieldSet[]>();
  for (const set of sets) {
    for (const element in set) {
      if (element === ".") continue;
      const node = set[element] as FieldSet;
      const known = nodes.get(element);
      if (known === undefined) nodes.set(element, [node]);
      else known.push(node);
    }
  }
  const result: FieldSet = {};
  for (const [element, same] of nodes) result[element] = unionOfAllNodes(same);
  return result;
}

/** What is in `a` and not in `b`. Shares nodes with `a`; it is `a` itself when that has nothing of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let rests: Map<string, FieldSet | undefined> | undefined;
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === ".") continue;
    const rest = differenceOfNodes(left, b[element] as FieldSet);
    if (rest === left) continue;
    rests ??= new Map();
    rests.set(element, rest);
  }
  if (rests === undefined) return a;
  const result: FieldSet = {};
  for (const element in a) {
    if (element === ".") continue;
    const rest = rests.has(element) ? rests.get(element) : a[element];
    if (rest !== undefined) result[element] = rest;
  }
  return result;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    const right = b[element];
    if (right === undefined || element === ".") continue;
    const left = a[element] as FieldSet;
    const node = intersection(left, right);
    if (isMember(left) && isMember(right)) {
      addMember(node);
      result[element] = node;
    } else if (!isEmptySet(node)) result[element] = node;
  }
  return result;
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const right = b[element];
    if (right === undefined || !sameSet(a[element] as FieldSet, right)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** The paths of all members, each a list of path elements. */
export function* paths(root: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const element in root) {
    if (element === ".") continue;
    const node = root[element] as FieldSet;
    const path = [...prefix, element];
    if (isMember(node)) yield path;
    yield* paths(node, path);
  }
}

/** A path as messages show it: `.spec.containers[name="web"].image`. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatElement).join("");
}

function formatElement(element: string): string {
  const content = element.slice(2);
  if (element.startsWith("f:")) return `.${content}`;
  if (element.startsWith("v:")) return `[=${content}]`;
  if (element.startsWith("i:")) return `[${content}]`;
  const keys = JSON.parse(content) as Record<string, unknown>;
  const pairs = Object.entries(keys).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `[${pairs.join(",")}]`;
}

// Each looks at a node once, and at what is below it once: sets that clients send may be hundreds of levels deep.

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  const children = union(a, b);
  const isInEither = isMember(a) || isMember(b);
  if (children === a && isInEither === isMember(a)) return a;
  const node = children === a ? childrenOf(a) : children;
  if (isInEither) addMember(node);
  return node;
}

function unionOfAllNodes(nodes: readonly FieldSet[]): FieldSet {
  const [only = leaf, ...others] = nodes;
  if (others.length === 0) return only;
  const node = unionOfAll(nodes);
  if (nodes.some(isMember)) addMember(node);
  return node;
}

/** Undefined when nothing is left. */
function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const children = difference(a, b);
  const stays = isMember(a) && !isMember(b);
  if (children === a && stays === isMember(a)) return a;
  const node = children === a ? childrenOf(a) : children;
  if (stays) addMember(node);
  return stays || !isEmptySet(node) ? node : undefined;
}

/** A copy of a node that is not itself in the set. */
function childrenOf(node: FieldSet): FieldSet {
  const children: FieldSet = {};
  for (const element in node) if (element !== ".") children[element] = node[element] as FieldSet;
  return children;
}
