import { must, unavailable } from "#base";
import { WriteQueue } from "../core/write-queue.ts";
import { limits } from "../limits.ts";
import type { AppendResult, Head, Log, LogBase, LogEntry, LogRecord, LogTail } from "../log.ts";
import type { Revision, Stamp, Transaction, Version } from "../store.ts";

/**
 * A log that forgets when the process ends: for tests. Several stores may follow one, as several
 * API servers follow one etcd. It is as asynchronous as the others: commits of one turn become durable together, in
 * a microtask.
 */
export class MemoryLog implements Log {
  readonly #queue: WriteQueue;
  /** Versions of each key, oldest first; the last one is what is there now. */
  readonly #versions = new Map<string, MemoryVersion[]>();
  /** The records that are not compacted, without gaps: what `tail` goes back to. */
  #records: LogRecord[] = [];
  readonly #tails: LogTail[] = [];
  #scheduled = false;
  #closed = false;

  constructor(options: { readonly stamp?: Stamp | undefined } = {}) {
    this.#queue = new WriteQueue({ stamp: options.stamp, head: (key) => this.#head(key) });
  }

  load(onEntries: (entries: readonly LogEntry[]) => void): Promise<LogBase> {
    const revision = this.#queue.durable;
    const entries: LogEntry[] = [];
    for (const [key, versions] of this.#versions) {
      const { value, createRevision, revision: modRevision } = must(versions.at(-1), "a key has a version");
      if (value) entries.push({ key, value, createRevision, modRevision });
    }
    onEntries(entries);
    return Promise.resolve({ revision, current: revision });
  }

  tail(after: Revision, tail: LogTail): void {
    this.#tails.push(tail);
    const missed = this.#records.filter((record) => record.revision > after);
    if (missed.length > 0) tail.onRecords(missed);
  }

  append(transaction: Transaction): Promise<AppendResult> {
    if (this.#closed) return Promise.reject(unavailable("the store is closed"));
    const result = this.#queue.append(transaction);
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    }
    return result;
  }

  currentRevision(): Promise<Revision> {
    return Promise.resolve(this.#queue.durable);
  }

  compact(revision: Revision): Promise<void> {
    const kept = this.#records.findIndex((record) => record.revision > revision);
    const forgotten = this.#records.splice(0, kept < 0 ? this.#records.length : kept);
    for (const record of forgotten) {
      for (const { key } of record.changes) this.#forgetBefore(key, record.revision);
    }
    return Promise.resolve();
  }

  history(key: string, limit: number): Promise<Version[]> {
    const newest = (this.#versions.get(key) ?? []).slice(-limit).toReversed();
    return Promise.resolve(newest.map(({ createRevision: _, ...version }) => version));
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#flush();
    this.#closed = true;
    for (const tail of this.#tails) tail.onEnd(undefined);
    return Promise.resolve();
  }

  #head(key: string): Head | undefined {
    const last = this.#versions.get(key)?.at(-1);
    return last?.value && { createRevision: last.createRevision, modRevision: last.revision };
  }

  #flush(): void {
    this.#scheduled = false;
    const unsent = this.#queue.takeUnsent();
    const revision = unsent.at(-1)?.revision ?? this.#queue.durable;
    this.#queue.settle(revision, (records) => this.#deliver(records));
  }

  #deliver(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { revision, provenance } = record;
      this.#records.push(record);
      for (const { key, value, createRevision } of record.changes) {
        const versions = this.#versions.get(key) ?? [];
        versions.push({ revision, provenance, value, createRevision });
        this.#versions.set(key, versions);
      }
    }
    if (this.#records.length > 2 * limits.memoryCommits) {
      void this.compact(this.#queue.durable - limits.memoryCommits);
    }
    for (const tail of this.#tails) tail.onRecords(records);
  }

  /** Drops what was replaced at or before `revision`; a deletion is the last thing to be forgotten. */
  #forgetBefore(key: string, revision: Revision): void {
    const versions = (this.#versions.get(key) ?? []).filter(
      (version) =>
        version.revision > revision || (version.revision === revision && version.value !== undefined),
    );
    if (versions.length > 0) this.#versions.set(key, versions);
    else this.#versions.delete(key);
  }
}

interface MemoryVersion extends Version {
  readonly createRevision: Revision;
}
