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
  for (const _ in node) return "." in node;
  return true;
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
  return includes(a, b) ? a : joined(a, b);
}

/** What is in `a` and not in `b`. Shares nodes with `a`; it is `a` itself when that has nothing of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return meets(a, b) ? reduced(a, b) : a;
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

/** Whether all of `b` is in `a`. */
function includes(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) {
    if (element === ".") continue;
    const left = a[element];
    if (left === undefined || !includesNode(left, b[element] as FieldSet)) return false;
  }
  return true;
}

function includesNode(a: FieldSet, b: FieldSet): boolean {
  return (isMember(a) || !isMember(b)) && includes(a, b);
}

/** Whether any of `b` is in `a`. */
function meets(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) {
    const left = a[element];
    if (element !== "." && left !== undefined && meetsNode(left, b[element] as FieldSet)) return true;
  }
  return false;
}

function meetsNode(a: FieldSet, b: FieldSet): boolean {
  return (isMember(a) && isMember(b)) || meets(a, b);
}

/** The children of both. */
function joined(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    if (element === ".") continue;
    const left = a[element] as FieldSet;
    const right = b[element];
    result[element] = right === undefined || includesNode(left, right) ? left : joinedNode(left, right);
  }
  for (const element in b) {
    if (element !== "." && a[element] === undefined) result[element] = b[element] as FieldSet;
  }
  return result;
}

function joinedNode(a: FieldSet, b: FieldSet): FieldSet {
  const node = joined(a, b);
  if (isMember(a) || isMember(b)) addMember(node);
  return node;
}

/** The children of `a` without what is in `b`. */
function reduced(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    if (element === ".") continue;
    const left = a[element] as FieldSet;
    const right = b[element];
    const rest = right === undefined || !meetsNode(left, right) ? left : reducedNode(left, right);
    if (rest !== undefined) result[element] = rest;
  }
  return result;
}

/** Undefined when nothing is left. */
function reducedNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const node = reduced(a, b);
  if (isMember(a) && !isMember(b)) {
    addMember(node);
    return node;
  }
  return isEmptySet(node) ? undefined : node;
}
