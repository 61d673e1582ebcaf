import type { KubernetesObject } from "#api";
import { must } from "#base";

/** The values under which an index files an object: none, one or several. */
export type IndexFunction<T> = (object: T) => readonly string[];

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
  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index = new Index(valuesOf);
    for (const [key, object] of this.#objects) index.add(key, object);
    this.#indexes.set(name, index);
  }

  /** The objects filed under `value`, in the order in which they came. */
  byIndex(name: string, value: string): readonly T[] {
    return this.#index(name).get(value);
  }

  /** All objects that are filed, those under one value together. */
  groups(name: string): Iterable<Iterable<T>> {
    return this.#index(name).groups();
  }

  #index(name: string): Index<T> {
    return must(this.#indexes.get(name), `there is no index "${name}": add it before asking`);
  }
}

class Index<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #entries = new Map<string, Map<string, T>>();

  constructor(valuesOf: IndexFunction<T>) {
    this.#valuesOf = valuesOf;
  }

  get(value: string): readonly T[] {
    const entries = this.#entries.get(value);
    return entries ? [...entries.values()] : [];
  }

  *groups(): Generator<Iterable<T>> {
    for (const entries of this.#entries.values()) yield entries.values();
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
      else this.#entries.set(value, new Map([[key, object]]));
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const entries = this.#entries.get(value);
      entries?.delete(key);
      if (entries?.size === 0) this.#entries.delete(value);
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
