import type { Entry, Revision, Snapshot } from "../store.ts";
import type { FrozenIndex } from "./ordered-index.ts";

/** A state of all keys as the store shows it. */
export function snapshotOf(revision: Revision, state: FrozenIndex<Entry>): Snapshot {
  return {
    revision,
    get: (key) => state.get(key),
    scan: (prefix, options) => state.scan(prefix, options?.after, options?.limit ?? Number.POSITIVE_INFINITY),
    count: (prefix, options) => state.count(prefix, options?.after),
  };
}
