import { assert, expired, must } from "#base";
import { limits } from "../limits.ts";
import type { Change, Commit, Entry, Revision } from "../store.ts";
import { type FrozenIndex, OrderedIndex } from "./ordered-index.ts";
import type { StoredEntry } from "./stored-entry.ts";
import { Templates } from "./templates.ts";

export interface TimelineLimits {
  /** Commits it may go back. */
  readonly commits: number;
  /** Bytes of replaced values it may keep alive. */
  readonly bytes: number;
}

/** A commit as it is made: what it put is the store's own. */
export interface StoredCommit extends Commit {
  readonly changes: readonly StoredChange[];
}

export interface StoredChange extends Change {
  readonly entry: StoredEntry | undefined;
}

/**
 * The present state of all keys, and the window of commits that led to it.
 *
 *      floor                                        revision
 *        │ commit  commit  commit … commit  commit     │
 *        ▼────────────────▲─────────────────────▲──────▼
 *                     checkpoint            checkpoint      index
 *
 * A past state is the next checkpoint (or the present) with the commits in between undone. What a commit put and nobody has replaced when it leaves
 * the window is packed: it will stay.
 */
export class Timeline {
  readonly #limits: TimelineLimits;
  readonly #index = new OrderedIndex<StoredEntry>();
  /** The same entries by their whole key: a write asks for its own four times, and the index compares long keys that begin alike. */
  readonly #byKey = new Map<string, StoredEntry>();
  readonly #templates = new Templates();
  #present: FrozenIndex<Entry> | undefined;
  #revision: Revision = 0;
  /** Commit of revision r is at [r - first]; those before `floor` are cut off now and then. */
  #commits: StoredCommit[] = [];
  #first: Revision = 1;
  #floor: Revision = 0;
  /** Bytes that only the window keeps alive. */
  #bytes = 0;
  readonly #checkpoints: { revision: Revision; state: FrozenIndex<Entry> }[] = [];

  constructor(timelineLimits: TimelineLimits) {
    this.#limits = timelineLimits;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** The oldest revision whose state can be had, and after which every commit is here. */
  get floor(): Revision {
    return this.#floor;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** Start-up: what was there before the window. */
  restore(entry: StoredEntry): void {
    entry.pack(this.#templates);
    this.#index.set(entry);
    this.#byKey.set(entry.key, entry);
  }

  /** Start-up: the revision as of which everything was restored. */
  begin(revision: Revision): void {
    this.#revision = revision;
    this.#first = revision + 1;
    this.#floor = revision;
  }

  /** The index to change for the next commit; `push` says that it was changed. */
  set(entry: StoredEntry): Entry | undefined {
    this.#byKey.set(entry.key, entry);
    return this.#replaced(this.#index.set(entry));
  }

  delete(key: string): Entry | undefined {
    this.#byKey.delete(key);
    return this.#replaced(this.#index.delete(key));
  }

  /** The changes of `commit` have been made: remember it. */
  push(commit: StoredCommit): void {
    assert(commit.revision === this.#revision + 1, `commit ${commit.revision} follows ${this.#revision}`);
    this.#revision = commit.revision;
    this.#commits.push(commit);
    this.#bytes += pinnedBytes(commit);
    if (commit.revision % limits.checkpointCommits === 0) {
      this.#checkpoints.push({ revision: commit.revision, state: this.present() });
    }
  }

  /** Lets go of what exceeds the limits. */
  trim(): void {
    while (this.#revision - this.#floor > this.#limits.commits || this.#bytes > this.#limits.bytes) {
      if (this.#floor === this.#revision) return;
      this.#dropOldest();
    }
    this.#cut();
  }

  /** Lets go of everything before the state at `revision`. */
  forget(revision: Revision): void {
    while (this.#floor < revision && this.#floor < this.#revision) this.#dropOldest();
    this.#cut();
  }

  /** The commit of a revision in the window. */
  commit(revision: Revision): StoredCommit {
    return must(this.#commits[revision - this.#first], `commit ${revision} is in the window`);
  }

  /** The commits after `revision`, oldest first. Throws Expired. */
  after(revision: Revision): readonly Commit[] {
    this.#mustHold(revision);
    return this.#commits.slice(revision + 1 - this.#first);
  }

  present(): FrozenIndex<Entry> {
    this.#present ??= this.#index.freeze();
    return this.#present;
  }

  /** The state at a revision. Throws Expired. */
  at(revision: Revision): FrozenIndex<Entry> {
    if (revision === this.#revision) return this.present();
    this.#mustHold(revision);
    const checkpoint = this.#checkpoints.find((candidate) => candidate.revision >= revision);
    const from = checkpoint ?? { revision: this.#revision, state: this.present() };
    if (from.revision === revision) return from.state;
    const past = new OrderedIndex<Entry>(from.state);
    for (let undo = from.revision; undo > revision; undo -= 1) {
      for (const change of this.commit(undo).changes) {
        if (change.previous) past.set(change.previous);
        else past.delete(change.key);
      }
    }
    return past.freeze();
  }

  #mustHold(revision: Revision): void {
    if (revision < this.#floor) {
      throw expired(`too old resource version: ${revision} (${this.#floor})`);
    }
    if (!(revision <= this.#revision)) {
      throw expired(`too large resource version: ${revision}, the newest is ${this.#revision}`);
    }
  }

  #replaced(entry: StoredEntry | undefined): Entry | undefined {
    this.#present = undefined;
    if (entry) entry.isReplaced = true;
    return entry;
  }

  #dropOldest(): void {
    this.#floor += 1;
    const commit = this.commit(this.#floor);
    this.#bytes -= pinnedBytes(commit);
    for (const { entry } of commit.changes) if (entry && !entry.isReplaced) entry.pack(this.#templates);
    this.#commits[this.#floor - this.#first] = undefined as unknown as StoredCommit;
  }

  /** Cuts off dropped commits once they are half of all, so that the cost of each stays constant. */
  #cut(): void {
    while (this.#checkpoints[0] && this.#checkpoints[0].revision < this.#floor) this.#checkpoints.shift();
    const dropped = this.#floor + 1 - this.#first;
    if (dropped < 64 || dropped * 2 < this.#commits.length) return;
    this.#commits = this.#commits.slice(dropped);
    this.#first = this.#floor + 1;
  }
}

function pinnedBytes(commit: Commit): number {
  let bytes = 0;
  for (const change of commit.changes) bytes += change.previous?.size ?? 0;
  return bytes;
}
