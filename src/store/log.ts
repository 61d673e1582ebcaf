import type { Precondition, Provenance, Revision, Transaction, Version } from "./store.ts";

/**
 * The port under the store: one totally ordered, durable log of commits that remembers the last state of every key.
 * Memory, SQLite and etcd fit it alike: everything that may take a network or a disk is asynchronous, and a
 * transaction's revision is known only once `append` has resolved. Values that come out of a log are stamped: a log
 * with one writer does it before it writes, one with several when it reads. Rules L1–L9 in SPEC.md.
 */
export interface Log {
  /** Every live key at the revision that `tail` continues from. Entries come in chunks, in any order. */
  load(onEntries: (entries: readonly LogEntry[]) => void): Promise<LogBase>;
  /** Hands over every record after `after`: those that exist, then each new one once it is durable. Once, after `load`. */
  tail(after: Revision, tail: LogTail): void;
  /**
   * Resolves after the tail was handed the record (or, when refused, all that the refusal rests on), in the same turn
   * of the event loop. Rejects with ServiceUnavailable when it could not be made durable.
   */
  append(transaction: Transaction): Promise<AppendResult>;
  /** The newest revision that any writer was given an acknowledgement for. */
  currentRevision(): Promise<Revision>;
  /** Forgets versions that were replaced at or before `revision`. */
  compact(revision: Revision): Promise<void>;
  /** Versions of a key, newest first. */
  history(key: string, limit: number): Promise<Version[]>;
  close(): Promise<void>;
}

/** A key that lives, and what is there. */
export interface LogEntry extends Head {
  readonly key: string;
  readonly value: Uint8Array;
  /** Of the put, where this process made it. */
  readonly memo?: unknown;
}

export interface LogBase {
  /** Everything loaded is as of this revision; the tail begins after it. */
  readonly revision: Revision;
  /** The newest revision in the log: the store is open once the tail has reached it. */
  readonly current: Revision;
}

/** Where a living key stands. */
export interface Head {
  readonly createRevision: Revision;
  readonly modRevision: Revision;
}

export interface LogTail {
  /** Where a key stands by everything that was loaded and handed over. */
  head(key: string): Head | undefined;
  /** Records in order, without gaps. */
  onRecords(records: readonly LogRecord[]): void;
  /** The log can no longer be followed; nothing comes after this. Undefined when it was closed. */
  onEnd(error: Error | undefined): void;
}

export interface LogChange {
  readonly key: string;
  /** Absent for a delete. */
  readonly value: Uint8Array | undefined;
  /** 0 for a delete. */
  readonly createRevision: Revision;
  /** Of the put, where this process made it. */
  readonly memo?: unknown;
}

export interface LogRecord {
  readonly revision: Revision;
  readonly provenance: Provenance;
  readonly changes: readonly LogChange[];
}

export type AppendResult =
  | { readonly committed: true; readonly revision: Revision }
  | { readonly committed: false; readonly failed: Precondition };
