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

/** Adds a node to the set, keeping its children. */
export function addMember(node: FieldSet): void {
  for (const _ in node) {
    node["."] = {};
    return;
  }
}

/** What is in either set. Shares nodes with both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    if (element === ".") continue;
    const left = a[element] as FieldSet;
    const right = b[element];
    result[element] = right === undefined ? left : unionNodes(left, right);
  }
  for (const element in b) {
    if (element !== "." && a[element] === undefined) result[element] = b[element] as FieldSet;
  }
  return result;
}

/** What is in `a` and not in `b`. Shares nodes with `a`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    if (element === ".") continue;
    const left = a[element] as FieldSet;
    const right = b[element];
    const rest = right === undefined ? left : differenceOfNodes(left, right);
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

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  const node = union(a, b);
  if (isMember(a) || isMember(b)) addMember(node);
  return node;
}

/** Undefined when nothing is left. */
function differenceOfNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const node = difference(a, b);
  if (isMember(a) && !isMember(b)) {
    addMember(node);
    return node;
  }
  return isEmptySet(node) ? undefined : node;
}
