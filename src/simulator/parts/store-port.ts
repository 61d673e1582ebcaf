import type { Store } from "#store";

/** The store with some of its calls answered by somebody who stands before it. */
export function standingBefore(store: Store, calls: Partial<Pick<Store, "commit" | "watch">>): Store {
  return {
    get revision() {
      return store.revision;
    },
    get compactedRevision() {
      return store.compactedRevision;
    },
    get: (key) => store.get(key),
    snapshot: (at) => store.snapshot(at),
    readBarrier: () => store.readBarrier(),
    commit: calls.commit ?? ((transaction) => store.commit(transaction)),
    watch: calls.watch ?? ((options) => store.watch(options)),
    history: (key, options) => store.history(key, options),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
  };
}
