import type { Change, Commit, Entry, Revision, Store } from "#store";
import { limits } from "../limits.ts";
import { standingBefore } from "../parts/store-port.ts";

/** One change of one key, as it was made. */
export interface KeyChange {
  readonly revision: Revision;
  readonly key: string;
  readonly type: "put" | "delete";
}

export interface HistoryOptions {
  readonly onCommit: (commit: Commit) => void;
  readonly onViolation: (message: string) => void;
}

/**
 * What the store has told the world, remembered by somebody whom no crash touches: the state of every key, and the latest changes. What was
 * told must be there after every restart; what watches tell must be this, all of it, in this order.
 */
export class History {
  readonly entries = new Map<string, Entry>();
  readonly #options: HistoryOptions;
  #revision: Revision = 0;
  #acknowledged: Revision = 0;
  #forgotten: Revision = 0;
  #changes: KeyChange[] = [];
  #restarts = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The same store; what it acknowledges to the API server is remembered. */
  watching(store: Store): Store {
    return standingBefore(store, {
      commit: async (transaction) => {
        const result = await store.commit(transaction);
        if (result.committed) this.#acknowledged = Math.max(this.#acknowledged, result.commit.revision);
        return result;
      },
    });
  }

  /** A store was opened: it must have all that was told; from now on its commits are followed. */
  attach(store: Store): void {
    if (this.#revision > 0 || this.#acknowledged > 0) {
      this.#restarts += 1;
      this.#verify(store);
    }
    store.watch({
      prefix: "",
      after: Math.min(this.#revision, store.revision),
      onCommit: (commit) => this.#take(commit),
    });
  }

  /** The first change under `prefix` after a revision; undefined when there is none, `"forgotten"` when it is too long ago. */
  nextAfter(prefix: string, revision: Revision): KeyChange | "forgotten" | undefined {
    if (revision < this.#forgotten) return "forgotten";
    for (let at = this.#indexAfter(revision); at < this.#changes.length; at += 1) {
      const change = this.#changes[at] as KeyChange;
      if (change.key.startsWith(prefix)) return change;
    }
    return undefined;
  }

  /** What there was under `prefix` at a revision: key and revision of its last put. Undefined when it is too long ago. */
  stateAt(prefix: string, revision: Revision): ReadonlyMap<string, Revision> | undefined {
    if (this.#forgotten > 0) return undefined;
    const state = new Map<string, Revision>();
    for (const change of this.#changes) {
      if (change.revision > revision) break;
      if (!change.key.startsWith(prefix)) continue;
      if (change.type === "put") state.set(change.key, change.revision);
      else state.delete(change.key);
    }
    return state;
  }

  #indexAfter(revision: Revision): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle] as KeyChange).revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #take(commit: Commit): void {
    this.#revision = commit.revision;
    for (const change of commit.changes) this.#remember(change, commit.revision);
    if (this.#changes.length > 2 * limits.rememberedChanges) {
      const forgotten = this.#changes.splice(0, limits.rememberedChanges);
      this.#forgotten = forgotten.at(-1)?.revision ?? 0;
    }
    this.#options.onCommit(commit);
  }

  #remember({ key, type, entry }: Change, revision: Revision): void {
    if (entry) this.entries.set(key, entry);
    else this.entries.delete(key);
    this.#changes.push({ revision, key, type });
  }

  #verify(store: Store): void {
    const { onViolation } = this.#options;
    const told = Math.max(this.#revision, this.#acknowledged);
    if (store.revision < told) {
      const lost = this.#changes.filter(({ revision }) => revision > store.revision).slice(0, 5);
      onViolation(
        `the store came back at revision ${store.revision}, but ${told} had been acknowledged; lost: ${lost.map(({ key }) => key).join(", ")}`,
      );
      return;
    }
    if (this.#revision < store.compactedRevision) return;
    const found = store.snapshot(this.#revision).scan("");
    if (found.length !== this.entries.size) {
      onViolation(
        `the store came back with ${found.length} keys at revision ${this.#revision} instead of ${this.entries.size}`,
      );
    }
    for (const entry of found) {
      const known = this.entries.get(entry.key);
      if (known?.modRevision === entry.modRevision && Buffer.compare(known.value, entry.value) === 0)
        continue;
      onViolation(
        `the store came back with another ${entry.key} (${entry.modRevision}) than was acknowledged (${known?.modRevision})`,
      );
    }
  }
}
