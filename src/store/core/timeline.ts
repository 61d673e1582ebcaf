import { assert, expired, must } from "#base";
import { limits } from "../limits.ts";
import type { Commit, Entry, Revision } from "../store.ts";
import { type FrozenIndex, OrderedIndex } from "./ordered-index.ts";

export interface TimelineLimits {
  /** Commits it may go back. */
  readonly commits: number;
  /** Bytes of replaced values it may keep alive. */
  readonly bytes: number;
}

/**
 * The present state of all keys, and the window of commits that led to it.
 *
 *      floor                                        revision
 *        │ commit  commit  commit … commit  commit     │
 *        ▼────────────────▲─────────────────────▲──────▼
 *                     checkpoint            checkpoint      index
 *
 * A past state is the next checkpoint (or the present) with the commits in between undone.
 */
export class Timeline {
  readonly #limits: TimelineLimits;
  #index: OrderedIndex<Entry>;
  #present: FrozenIndex<Entry> | undefined;
  #revision: Revision;
  /** Commit of revision r is at [r - first]; those before `floor` are cut off now and then. */
  #commits: Commit[] = [];
  #first: Revision;
  #floor: Revision;
  /** Bytes that only the window keeps alive. */
  #bytes = 0;
  readonly #checkpoints: { revision: Revision; state: FrozenIndex<Entry> }[] = [];

  constructor(revision: Revision, index: OrderedIndex<Entry>, timelineLimits: TimelineLimits) {
    this.#limits = timelineLimits;
    this.#index = index;
    this.#revision = revision;
    this.#first = revision + 1;
    this.#floor = revision;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** The oldest revision whose state can be had, and after which every commit is here. */
  get floor(): Revision {
    return this.#floor;
  }

  get(key: string): Entry | undefined {
    return this.#index.get(key);
  }

  /** The index to change for the next commit; `push` says that it was changed. */
  set(entry: Entry): Entry | undefined {
    this.#present = undefined;
    return this.#index.set(entry);
  }

  delete(key: string): Entry | undefined {
    this.#present = undefined;
    return this.#index.delete(key);
  }

  /** The changes of `commit` have been made: remember it. */
  push(commit: Commit): void {
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
  commit(revision: Revision): Commit {
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

  #dropOldest(): void {
    this.#floor += 1;
    this.#bytes -= pinnedBytes(this.commit(this.#floor));
    this.#commits[this.#floor - this.#first] = undefined as unknown as Commit;
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
  for (const change of commit.changes) bytes += change.previous?.value.byteLength ?? 0;
  return bytes;
}
