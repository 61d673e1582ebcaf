import { assert } from "#base";

/** What a path and method lead to. */
export type Match<T> =
  | { readonly found: "route"; readonly target: T; readonly params: Params }
  /** Nothing is there. */
  | { readonly found: "nothing" }
  /** Something is there, but not with this method: what, by method. */
  | { readonly found: "others"; readonly others: ReadonlyMap<string, T> }
  /** A part of the path is not well-formed percent-encoding. */
  | { readonly found: "malformed" };

export type Params = Readonly<Record<string, string>>;

/** One place in the tree: what stands here by method, and what lies below. */
interface Node<T> {
  readonly methods: Map<string, Leaf<T>>;
  readonly fixed: Map<string, Node<T>>;
  parameter: Node<T> | undefined;
}

interface Leaf<T> {
  readonly target: T;
  readonly names: readonly string[];
}

/**
 * Finds what a path leads to, segment by segment; `{name}` stands for one segment that is not empty. A fixed segment wins over a parameter;
 * what only a parameter leads to is found all the same. Paths without parameters are found at once.
 */
export class Router<T> {
  readonly #root: Node<T> = empty();
  readonly #fixed = new Map<string, Node<T>>();

  /** Two routes that would answer the same requests are a mistake in the program. */
  add(method: string, path: string, target: T): void {
    assert(path.startsWith("/"), `the path ${path} does not begin with a slash`);
    const names: string[] = [];
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      assert(
        name !== undefined || !/[{}]/.test(segment),
        `${path}: a parameter is a whole segment, such as {id}`,
      );
      if (name === undefined) {
        node = getOrMake(node.fixed, segment);
      } else {
        assert(!names.includes(name), `${path} names {${name}} twice`);
        names.push(name);
        node.parameter ??= empty();
        node = node.parameter;
      }
    }
    assert(!node.methods.has(method), `two routes answer ${method} ${path}`);
    node.methods.set(method, { target, names });
    if (names.length === 0) this.#fixed.set(path, node);
  }

  /** `path` as it came, percent-encoded, without the query. */
  match(method: string, path: string): Match<T> {
    const fixed = this.#fixed.get(path);
    const leaf = fixed?.methods.get(method);
    if (leaf) return { found: "route", target: leaf.target, params: none };
    const segments = segmentsOf(path).map(decode);
    if (segments.includes(undefined)) return { found: "malformed" };
    const others = new Map<string, T>();
    const values: string[] = [];
    const found = find(this.#root, segments as string[], 0, values, method, others);
    if (found) return { found: "route", target: found.target, params: zip(found.names, values) };
    return others.size === 0 ? { found: "nothing" } : { found: "others", others };
  }
}

/** Depth first, fixed before parameter. Leaves the parameters' values in `values`, and what there is for other methods in `others`. */
function find<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  values: string[],
  method: string,
  others: Map<string, T>,
): Leaf<T> | undefined {
  if (at === segments.length) {
    const leaf = node.methods.get(method);
    if (!leaf) for (const [other, { target }] of node.methods) others.set(other, target);
    return leaf;
  }
  const segment = segments[at] as string;
  const fixed = node.fixed.get(segment);
  const found = fixed && find(fixed, segments, at + 1, values, method, others);
  if (found || !node.parameter || segment === "") return found;
  values.push(segment);
  const below = find(node.parameter, segments, at + 1, values, method, others);
  if (!below) values.pop();
  return below;
}

const none: Params = Object.freeze(Object.create(null));

function zip(names: readonly string[], values: readonly string[]): Params {
  const params: Record<string, string> = Object.create(null);
  for (const [at, name] of names.entries()) params[name] = values[at] as string;
  return params;
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

function decode(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function empty<T>(): Node<T> {
  return { methods: new Map(), fixed: new Map(), parameter: undefined };
}

function getOrMake<T>(nodes: Map<string, Node<T>>, segment: string): Node<T> {
  const known = nodes.get(segment);
  if (known) return known;
  const made = empty<T>();
  nodes.set(segment, made);
  return made;
}
