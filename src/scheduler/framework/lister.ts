/**
 * The objects of one kind that plugins look up besides nodes and pods. Filled by informers; in tests by hand. Its version tells whoever
 * worked something out of it that it is out of date.
 */
export class Lister<T extends NamespacedObject> {
  readonly #objects = new Map<string, Map<string, T>>();
  readonly #observers: ((object: T) => void)[] = [];
  readonly #byKey = new Map<string, Set<T>>();
  readonly #onChange: () => void;
  readonly #keysOf: (object: T) => readonly string[];
  #version = 0;

  /** `keysOf`: by what objects are to be found besides their names. */
  constructor(
    onChange: () => void,
    { keysOf = () => [] }: { readonly keysOf?: (object: T) => readonly string[] } = {},
  ) {
    this.#onChange = onChange;
    this.#keysOf = keysOf;
  }

  /** Calls back after every change, with the object that came, changed or went. */
  observe(observer: (object: T) => void): void {
    this.#observers.push(observer);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** `namespace` is empty for objects that have none. */
  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(namespace)?.get(name);
  }

  /** Of one namespace, or of all. */
  *list(namespace?: string): Generator<T> {
    if (namespace !== undefined) yield* this.#objects.get(namespace)?.values() ?? [];
    else for (const objects of this.#objects.values()) yield* objects.values();
  }

  /** Those of a namespace that have the key, however many others there are. */
  by(namespace: string, key: string): Iterable<T> {
    return this.#byKey.get(`${namespace}/${key}`) ?? [];
  }

  set(object: T): void {
    const { namespace = "", name = "" } = object.metadata ?? {};
    const objects = this.#objects.get(namespace) ?? new Map<string, T>();
    const before = objects.get(name);
    if (before) this.#removeKeys(before);
    objects.set(name, object);
    this.#objects.set(namespace, objects);
    for (const key of this.#keysIn(object)) {
      const found = this.#byKey.get(key) ?? new Set();
      this.#byKey.set(key, found.add(object));
    }
    this.#changed(object);
  }

  delete(object: T): void {
    const { namespace = "", name = "" } = object.metadata ?? {};
    const objects = this.#objects.get(namespace);
    const before = objects?.get(name);
    if (before) this.#removeKeys(before);
    objects?.delete(name);
    if (objects?.size === 0) this.#objects.delete(namespace);
    this.#changed(object);
  }

  #removeKeys(object: T): void {
    for (const key of this.#keysIn(object)) {
      const found = this.#byKey.get(key);
      found?.delete(object);
      if (found?.size === 0) this.#byKey.delete(key);
    }
  }

  #keysIn(object: T): readonly string[] {
    return this.#keysOf(object).map((key) => `${object.metadata?.namespace ?? ""}/${key}`);
  }

  #changed(object: T): void {
    this.#version += 1;
    this.#onChange();
    for (const observer of this.#observers) observer(object);
  }
}

interface NamespacedObject {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}
