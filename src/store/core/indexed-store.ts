import { ApiError, type Logger, messageOf, must, tooManyRequests, unavailable } from "#base";
import { limits } from "../limits.ts";
import type { Head, Log, LogRecord, LogTail } from "../log.ts";
import type {
  Commit,
  CommitResult,
  Entry,
  Revision,
  Snapshot,
  Store,
  Transaction,
  Version,
  Watch,
  WatchOptions,
} from "../store.ts";
import { snapshotOf } from "./snapshot.ts";
import { StoredEntry } from "./stored-entry.ts";
import { type StoredChange, Timeline, type TimelineLimits } from "./timeline.ts";
import { checkTransaction } from "./transaction.ts";
import { Watchers } from "./watchers.ts";

export interface IndexedStoreOptions {
  readonly log: Log;
  readonly logger: Logger;
  /** How far snapshots and watches go back; defaults to limits.ts. */
  readonly window?: TimelineLimits | undefined;
}

/** Opens a store on a log: loads the last state, catches up, and from then on follows the log. */
export async function openIndexedStore(options: IndexedStoreOptions): Promise<Store> {
  const { log } = options;
  const window = options.window ?? { commits: limits.windowCommits, bytes: limits.windowBytes };
  const timeline = new Timeline(window);
  const base = await log.load((entries) => {
    for (const entry of entries) timeline.restore(new StoredEntry(entry));
  });
  timeline.begin(base.revision);
  const store = new IndexedStore({ ...options, timeline });
  log.tail(base.revision, store);
  await store.reached(base.current);
  return store;
}

/** A `Store` on any `Log`: an index in memory for readers, a window of commits for watchers. */
class IndexedStore implements Store, LogTail {
  readonly #log: Log;
  readonly #timeline: Timeline;
  readonly #watchers: Watchers;
  #waiting: { revision: Revision; resolve: () => void; reject: (error: Error) => void }[] = [];
  #end: { error: Error | undefined } | undefined;

  constructor(options: { log: Log; logger: Logger; timeline: Timeline }) {
    this.#log = options.log;
    this.#timeline = options.timeline;
    this.#watchers = new Watchers(options.timeline, options.logger);
  }

  get revision(): Revision {
    return this.#timeline.revision;
  }

  get compactedRevision(): Revision {
    return this.#timeline.floor;
  }

  get(key: string): Entry | undefined {
    return this.#timeline.get(key);
  }

  snapshot(at: Revision = this.revision): Snapshot {
    return snapshotOf(at, this.#timeline.at(at));
  }

  async readBarrier(): Promise<Revision> {
    this.#mustBeOpen();
    const current = await this.#log.currentRevision();
    await this.reached(current);
    return current;
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    this.#mustBeOpen();
    checkTransaction(transaction);
    for (let attempt = 0; attempt < limits.commitAttempts; attempt += 1) {
      const result = await this.#log.append(transaction);
      if (result.committed) return { committed: true, commit: this.#timeline.commit(result.revision) };
      const { failed } = result;
      const current = this.#timeline.get(failed.key);
      // Refused for a change that has been undone since (created and deleted in one batch): it holds again, ask again.
      if ((current?.modRevision ?? 0) !== failed.modRevision) return { committed: false, failed, current };
    }
    throw tooManyRequests(
      "could not commit: its keys come and go too fast, try again",
      limits.retryAfterSeconds,
    );
  }

  watch(options: WatchOptions): Watch {
    this.#mustBeOpen();
    return this.#watchers.add(options);
  }

  async history(key: string, options: { readonly limit?: number } = {}): Promise<Version[]> {
    this.#mustBeOpen();
    return this.#log.history(key, options.limit ?? limits.historyVersions);
  }

  async compact(revision: Revision): Promise<void> {
    this.#mustBeOpen();
    const target = Math.min(revision, this.revision);
    this.#timeline.forget(target);
    await this.#log.compact(target);
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  /** From the log's tail. */
  head(key: string): Head | undefined {
    return this.#timeline.get(key);
  }

  /** From the log's tail. */
  onRecords(records: readonly LogRecord[]): void {
    // First, so that commits of this batch are still there when their writers ask for them.
    this.#timeline.trim();
    for (const record of records) this.#watchers.deliver(this.#apply(record));
    this.#watchers.progress(this.revision);
    if (this.#waiting.length > 0) this.#wake();
  }

  /** From the log's tail. */
  onEnd(error: Error | undefined): void {
    this.#end ??= { error };
    this.#watchers.end(error);
    for (const { reject } of this.#waiting) reject(this.#closedError());
    this.#waiting = [];
  }

  /** Resolves once the store has seen `revision`. */
  reached(revision: Revision): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    if (this.#end) return Promise.reject(this.#closedError());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ revision, resolve, reject });
    return promise;
  }

  #apply({ revision, provenance, changes }: LogRecord): Commit {
    const made: StoredChange[] = [];
    for (const { key, value, createRevision, memo } of changes) {
      if (value === undefined) {
        const previous = this.#timeline.delete(key);
        if (previous) made.push({ type: "delete", key, entry: undefined, previous });
        continue;
      }
      const entry = new StoredEntry({ key, value, createRevision, modRevision: revision, memo });
      made.push({ type: "put", key, entry, previous: this.#timeline.set(entry) });
    }
    const commit = { revision, provenance, changes: made };
    this.#timeline.push(commit);
    return commit;
  }

  #wake(): void {
    const reached = this.#waiting.filter((waiter) => waiter.revision <= this.revision);
    this.#waiting = this.#waiting.filter((waiter) => waiter.revision > this.revision);
    for (const { resolve } of reached) resolve();
  }

  #mustBeOpen(): void {
    if (this.#end) throw this.#closedError();
  }

  #closedError(): ApiError {
    const error = must(this.#end, "only an ended store says why it ended").error;
    if (error instanceof ApiError) return error;
    return unavailable(error ? `the store has failed: ${messageOf(error)}` : "the store is closed", error);
  }
}
