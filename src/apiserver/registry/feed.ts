import type { KubernetesObject, Resource } from "#api";
import { type Logger, messageOf, must } from "#base";
import type { Change, Entry, Store } from "#store";
import { keptListSize } from "../limits.ts";
import type { ObjectChange, ObjectFeed, ObjectName } from "../ports.ts";
import type { Catalogue, ServedKind } from "./catalogue.ts";
import type { Facts, Objects } from "./objects.ts";

/** Parsed objects for those inside the API server who decide by them. */
export function objectFeed(parts: {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly objects: Objects;
  readonly logger: Logger;
}): ObjectFeed {
  const { store, catalogue, objects, logger } = parts;
  const read = <T extends KubernetesObject>(kind: ServedKind, entry: Entry) => objects.read(kind, entry) as T;

  return {
    get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string) {
      const kind = catalogue.of(resource);
      const entry = store.get(kind.key(name, namespace));
      return entry && read<T>(kind, entry);
    },
    list<T extends KubernetesObject>(resource: Resource<T>, namespace?: string) {
      const kind = catalogue.of(resource);
      const entries = store.snapshot().scan(kind.scope(namespace));
      if (entries.length <= keptListSize) return entries.map((entry) => read<T>(kind, entry));
      return entries.map((entry) => objects.peek(kind, entry) as T);
    },
    follow<T extends KubernetesObject>(
      resource: Resource<T>,
      onChange: (change: ObjectChange<T>) => void,
      only?: ObjectName,
    ) {
      const kind = catalogue.of(resource);
      const key = only && kind.key(only.name ?? "", only.namespace);
      const tell = (versions: Versions) => onChange(new StoredChange<T>(kind, objects, versions));
      const onChanges = (changes: readonly Change[]) => {
        for (const change of changes) if (key === undefined || key === change.key) tell(change);
      };
      const snapshot = store.snapshot();
      for (const entry of snapshot.scan(key ?? kind.prefix)) {
        if (key !== undefined && key !== entry.key) continue;
        tell({ entry, previous: undefined });
      }
      return store.watch({
        prefix: key ?? kind.prefix,
        after: snapshot.revision,
        onCommit: (commit) => onChanges(commit.changes),
        onEnd: (error) => {
          if (error) logger.error("an index of the API server lost the store", { error: messageOf(error) });
        },
      });
    },
  };
}

type Versions = Pick<Change, "entry" | "previous">;

/** Most followers look at few changes closely: nothing is parsed before they do. */
class StoredChange<T extends KubernetesObject> implements ObjectChange<T> {
  readonly #kind: ServedKind;
  readonly #objects: Objects;
  readonly #versions: Versions;

  constructor(kind: ServedKind, objects: Objects, versions: Versions) {
    this.#kind = kind;
    this.#objects = objects;
    this.#versions = versions;
  }

  get object(): T | undefined {
    return this.#see(this.#versions.entry);
  }

  get previous(): T | undefined {
    return this.#see(this.#versions.previous);
  }

  get metadata(): Facts["metadata"] {
    const { entry, previous } = this.#versions;
    return this.#objects.facts(this.#kind, must(entry ?? previous, "a change has an object")).metadata;
  }

  #see(entry: Entry | undefined): T | undefined {
    return entry && (this.#objects.peekParted(this.#kind, entry).object as T);
  }
}
