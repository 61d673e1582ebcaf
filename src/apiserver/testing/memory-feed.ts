import type { KubernetesObject, Resource } from "#api";
import type { ObjectChange, ObjectFeed, ObjectName } from "../ports.ts";

/** An `ObjectFeed` that a test fills by hand. */
export class MemoryFeed implements ObjectFeed {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #followers = new Map<string, Set<(change: ObjectChange<KubernetesObject>) => void>>();

  /** Adds or replaces an object, and tells the followers. */
  put<T extends KubernetesObject>(resource: Resource<T>, object: T): void {
    const objects = this.#of(resource);
    const key = keyOf(object.metadata?.namespace, object.metadata?.name);
    const previous = objects.get(key);
    objects.set(key, object);
    this.#tell(resource, { object, previous, metadata: object.metadata ?? {} });
  }

  delete(resource: Resource, name: string, namespace?: string): void {
    const objects = this.#of(resource);
    const previous = objects.get(keyOf(namespace, name));
    if (!previous) return;
    objects.delete(keyOf(namespace, name));
    this.#tell(resource, { object: undefined, previous, metadata: previous.metadata ?? {} });
  }

  get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string): T | undefined {
    return this.#of(resource).get(keyOf(namespace, name)) as T | undefined;
  }

  list<T extends KubernetesObject>(resource: Resource<T>, namespace?: string): readonly T[] {
    const all = [...this.#of(resource).values()] as T[];
    return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace);
  }

  follow<T extends KubernetesObject>(
    resource: Resource<T>,
    onChange: (change: ObjectChange<T>) => void,
    only?: ObjectName,
  ): { close(): void } {
    const follower = (change: ObjectChange<KubernetesObject>) => {
      const { name, namespace } = change.metadata;
      if (only && keyOf(namespace, name) !== keyOf(only.namespace, only.name)) return;
      onChange(change as ObjectChange<T>);
    };
    const resourceName = nameOf(resource);
    const followers = this.#followers.get(resourceName) ?? new Set();
    this.#followers.set(resourceName, followers.add(follower));
    for (const object of this.#of(resource).values()) {
      follower({ object, previous: undefined, metadata: object.metadata ?? {} });
    }
    return { close: () => followers.delete(follower) };
  }

  #tell(resource: Resource, change: ObjectChange<KubernetesObject>): void {
    for (const follower of this.#followers.get(nameOf(resource)) ?? []) follower(change);
  }

  #of(resource: Resource): Map<string, KubernetesObject> {
    const name = nameOf(resource);
    const present = this.#objects.get(name) ?? new Map<string, KubernetesObject>();
    this.#objects.set(name, present);
    return present;
  }
}

function nameOf(resource: Resource): string {
  return `${resource.resource}.${resource.group}`;
}

function keyOf(namespace: string | undefined, name: string | undefined): string {
  return `${namespace ?? ""}/${name ?? ""}`;
}
