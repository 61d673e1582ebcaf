/**
 * The objects of one kind that plugins look up besides nodes and pods. Filled by informers; in tests by hand. Its version tells whoever
 * worked something out of it that it is out of date.
 */
export class Lister<T extends NamespacedObject> {
  readonly #objects = new Map<string, Map<string, T>>();
  readonly #observers = new Set<() => void>();
  readonly #onChange: () => void;
  #version = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Calls back after every change. Returns how to stop. */
  observe(observer: () => void): () => void {
    const own = () => observer();
    this.#observers.add(own);
    return () => this.#observers.delete(own);
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

  set(object: T): void {
    const { namespace = "", name = "" } = object.metadata ?? {};
    const objects = this.#objects.get(namespace) ?? new Map<string, T>();
    objects.set(name, object);
    this.#objects.set(namespace, objects);
    this.#changed();
  }

  delete(object: T): void {
    const { namespace = "", name = "" } = object.metadata ?? {};
    const objects = this.#objects.get(namespace);
    objects?.delete(name);
    if (objects?.size === 0) this.#objects.delete(namespace);
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    this.#onChange();
    for (const observer of [...this.#observers]) observer();
  }
}

interface NamespacedObject {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}
