import type { KubernetesObject } from "#api";
import { must } from "#base";

/** The values under which an index files an object: none, one or several. */
export type IndexFunction<T> = (object: T) => readonly string[];

/**
 * The families under which a group is found that an index files under one value: where many objects are alike, what is
 * asked about is often a few groups of many. Asked about the first object of a group.
 */
export type FamilyFunction<T> = (object: T) => readonly string[];

/**
 * Objects of one kind by `namespace/name`, and by whatever else somebody asks for. Objects are shared: never change one.
 */
export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  put(key: string, object: T): void {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (old === undefined) index.add(key, object);
      else index.replace(key, old, object);
    }
  }

  delete(key: string): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.remove(key, old);
  }

  /** Adds an index, filled with what is there; once per name. */
  addIndex(name: string, valuesOf: IndexFunction<T>, familiesOf?: FamilyFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index = new Index(valuesOf, familiesOf);
    for (const [key, object] of this.#objects) index.add(key, object);
    this.#indexes.set(name, index);
  }

  /** The objects filed under `value`, in the order in which they came. */
  byIndex(name: string, value: string): readonly T[] {
    return this.#index(name).get(value);
  }

  /** The objects that are filed in the groups of one family, those under one value together. */
  groups(name: string, family: string): Iterable<Iterable<T>> {
    return this.#index(name).groups(family);
  }

  #index(name: string): Index<T> {
    return must(this.#indexes.get(name), `there is no index "${name}": add it before asking`);
  }
}

class Index<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #familiesOf: FamilyFunction<T> | undefined;
  readonly #entries = new Map<string, Map<string, T>>();
  /** By family, then by value. */
  readonly #families = new Map<string, Map<string, Map<string, T>>>();

  constructor(valuesOf: IndexFunction<T>, familiesOf?: FamilyFunction<T>) {
    this.#valuesOf = valuesOf;
    this.#familiesOf = familiesOf;
  }

  get(value: string): readonly T[] {
    const entries = this.#entries.get(value);
    return entries ? [...entries.values()] : [];
  }

  groups(family: string): Iterable<Iterable<T>> {
    return Array.from(this.#families.get(family)?.values() ?? [], (entries) => entries.values());
  }

  /** Most changes leave an object where it is filed; taking it out and in again has large maps built anew all the time. */
  replace(key: string, old: T, object: T): void {
    const before = this.#valuesOf(old);
    const after = this.#valuesOf(object);
    if (before.length !== after.length || before.some((value, index) => value !== after[index])) {
      this.remove(key, old);
      this.add(key, object);
    } else for (const value of after) this.#entries.get(value)?.set(key, object);
  }

  add(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const entries = this.#entries.get(value);
      if (entries) entries.set(key, object);
      else this.#open(value, new Map([[key, object]]), object);
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const entries = this.#entries.get(value);
      entries?.delete(key);
      if (entries?.size === 0) this.#close(value, object);
    }
  }

  #open(value: string, entries: Map<string, T>, first: T): void {
    this.#entries.set(value, entries);
    for (const family of this.#familiesOf?.(first) ?? []) {
      const known = this.#families.get(family);
      if (known) known.set(value, entries);
      else this.#families.set(family, new Map([[value, entries]]));
    }
  }

  #close(value: string, last: T): void {
    this.#entries.delete(value);
    for (const family of this.#familiesOf?.(last) ?? []) {
      const known = this.#families.get(family);
      known?.delete(value);
      if (known?.size === 0) this.#families.delete(family);
    }
  }
}

/** `namespace/name`, or `name` for what is cluster-scoped. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : (name ?? "");
}

/** The parts of a key made by `keyOf`. */
export function splitKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf("/");
  if (slash < 0) return { namespace: undefined, name: key };
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Index by namespace: what `list(namespace)` of an informer uses. */
export const byNamespace: IndexFunction<KubernetesObject> = (object) => [object.metadata?.namespace ?? ""];

/** Index by the uid of every owner. */
export const byOwner: IndexFunction<KubernetesObject> = (object) =>
  object.metadata?.ownerReferences?.map((owner) => owner.uid ?? "") ?? [];

/** Index by the uid of the one owner that controls the object. */
export const byController: IndexFunction<KubernetesObject> = (object) => {
  const owner = object.metadata?.ownerReferences?.find((reference) => reference.controller);
  return owner?.uid ? [owner.uid] : [];
};
