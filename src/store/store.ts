/** A point in the one order of all commits. 0 is the empty store; every commit adds one. */
export type Revision = number;

/** A key's value as of its last put. */
export interface Entry {
  readonly key: string;
  /** The bytes may be shared by every reader, or made for whoever asks: never write to them, and ask once. */
  readonly value: Uint8Array;
  /** The same for who looks once, as when it is about to be replaced: what is made for them is kept for nobody. */
  peek(): Uint8Array;
  /** How many bytes the value has: asking makes none. */
  readonly size: number;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** What somebody in this process made of the value, for the next who asks. The store keeps it with the entry, and no longer. */
  memo: unknown;
}

/** Who did what, when: kept with every commit. Audit and undo live on it. */
export interface Provenance {
  /** User name as authenticated: `system:node:n1`. */
  readonly user: string;
  /** API verb: create, update, patch, delete, … */
  readonly verb: string;
  /** The request's audit id. */
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type Operation =
  | {
      readonly type: "put";
      readonly key: string;
      readonly value: Uint8Array;
      /** What the writer knows about the value: the entry's memo when watches are told of it. Never on the disk. */
      readonly memo?: unknown;
    }
  | { readonly type: "delete"; readonly key: string };

/** Holds when `key` was last put at `modRevision`; 0 means: there is no such key. */
export interface Precondition {
  readonly key: string;
  readonly modRevision: Revision;
}

/**
 * All of it happens, at one revision, or none of it. At least one operation, and at most one for each key. Deleting
 * a key that is not there is no error and no change, but takes a revision.
 */
export interface Transaction {
  readonly preconditions: readonly Precondition[];
  readonly operations: readonly Operation[];
  readonly provenance: Provenance;
}

export type CommitResult =
  | { readonly committed: true; readonly commit: Commit }
  /** The first precondition that did not hold, and what is there instead. Nothing was written. */
  | { readonly committed: false; readonly failed: Precondition; readonly current: Entry | undefined };

export interface Change {
  readonly type: "put" | "delete";
  readonly key: string;
  /** What is there now; for a delete, absent. */
  readonly entry: Entry | undefined;
  /** What was there before; for a creation, absent. */
  readonly previous: Entry | undefined;
}

export interface Commit {
  readonly revision: Revision;
  readonly provenance: Provenance;
  readonly changes: readonly Change[];
}

/** One version of a key, as history keeps it. */
export interface Version {
  readonly revision: Revision;
  readonly provenance: Provenance;
  /** What was put, stamped; absent when the key was deleted. */
  readonly value: Uint8Array | undefined;
}

/** A consistent, unchanging view of all keys at one revision. Cheap to take, cheap to hold. */
export interface Snapshot {
  readonly revision: Revision;
  get(key: string): Entry | undefined;
  /**
   * Entries whose key starts with `prefix`, in the order of JavaScript's `<` (for ASCII keys: byte order), from the
   * first key after `after`, at most `limit`.
   */
  scan(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Entry[];
  /** How many keys start with `prefix` and come after `after`. */
  count(prefix: string, options?: { readonly after?: string }): number;
}

/**
 * A log with a memory. Reads are synchronous and come from memory; a commit resolves once it is durable, and only
 * then do readers and watchers see it.
 */
export interface Store {
  /** The newest durable revision. */
  readonly revision: Revision;
  /** Snapshots and watches below this revision are gone. */
  readonly compactedRevision: Revision;
  /** The key's newest durable entry: as from a new snapshot, without making one. */
  get(key: string): Entry | undefined;
  /** The newest snapshot, or the one at a revision. Throws `ApiError` Expired when it was compacted or lies in the future. */
  snapshot(at?: Revision): Snapshot;
  /** Waits until this store has seen every commit acknowledged by any server before the call: linearizable reads. */
  readBarrier(): Promise<Revision>;
  /**
   * Throws `ApiError` RequestEntityTooLarge, TooManyRequests (too much is waiting to be written), or
   * ServiceUnavailable when it could not be made durable; then nothing of it is visible.
   */
  commit(transaction: Transaction): Promise<CommitResult>;
  /**
   * Calls `onCommit` for every commit after `after` that touches `prefix`, in order, without gaps, starting with
   * those already in memory; only the changes under `prefix` are in it. Nothing is called before `watch` returns.
   * Later commits arrive before whoever made them gets an answer. Watches of one prefix share the `Commit` objects,
   * so that what is made of one can be kept in a WeakMap. Throws Expired when `after` is compacted or in the future.
   */
  watch(watch: WatchOptions): Watch;
  /** The newest versions of a key, newest first: who put or deleted it, and what was there. As far back as history is kept. */
  history(key: string, options?: { readonly limit?: number }): Promise<Version[]>;
  /** Forgets history below `revision`: snapshots and watches, and older versions of what has been replaced since. */
  compact(revision: Revision): Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly prefix: string;
  readonly after: Revision;
  readonly onCommit: (commit: Commit) => void;
  /** Called after each commit that does not touch the prefix too, at most once per tick: what a bookmark may promise. */
  readonly onProgress?: (revision: Revision) => void;
  /** The watch ended by itself: the store closed or failed. */
  readonly onEnd?: (error: Error | undefined) => void;
}

export interface Watch {
  close(): void;
}

/**
 * Completes a value once its revision is known; what it returns is what readers see and share. How the API server
 * puts `metadata.resourceVersion` into bytes that were encoded before the commit. Called once per put.
 */
export type Stamp = (value: Uint8Array, revision: Revision) => Uint8Array;
