/** Every limit of the store, and why it is what it is. */
export const limits = {
  /** Bytes of keys and values in one transaction. etcd's request limit, so that every log takes the same objects. */
  transactionBytes: 1.5 * 1024 * 1024,
  /** Operations in one transaction. etcd's `--max-txn-ops`. */
  transactionOperations: 128,
  /** UTF-8 bytes of one key: group, resource, namespace and name at their longest (253 + 63 + 63 + 253) with room. */
  keyBytes: 1024,
  /** Bytes that may wait for the disk: half a second of a slow one. Beyond it writers are told to come back later. */
  queuedBytes: 64 * 1024 * 1024,
  /** Seconds such a writer should wait. */
  retryAfterSeconds: 1,
  /** How often a transaction is tried again because what refused it is gone. Once is rare. */
  commitAttempts: 16,

  /** Commits that snapshots and watches can go back. At 4,000 writes a second a watcher may fall four seconds behind. */
  windowCommits: 16_384,
  /** Replaced bytes which that window may keep alive. */
  windowBytes: 16 * 1024 * 1024,
  /** Distance of the roots kept for time travel: a snapshot undoes at most this many commits. */
  checkpointCommits: 256,
  /** Commits read back into the window at start-up, so that watchers resume; each costs start-up about 5 µs. */
  replayedCommits: 2_048,
  /** Bytes read back into the window at start-up. */
  replayedBytes: 8 * 1024 * 1024,

  /** Values up to this size are packed: looking through one against a template takes less than half a millisecond. */
  packedBytes: 32 * 1024,
  /** A packed value takes a third of its bytes at most, or it is not worth while; a pod among its like takes a twenty-fifth. */
  packedShare: 3,
  /** How often a value and its template may be found out of step: each time the template is searched for where it goes on. */
  searches: 32,
  /** Templates of values that begin alike: so many shapes of one kind take turns. */
  templates: 8,
  /** The beginning in which such values are alike: of what the API server stores, all before the resource version. */
  templateHeadBytes: 48,
  /** Bytes of all templates. When there are more all are forgotten: what is packed keeps its own, and the next share less. */
  templateBytes: 4 * 1024 * 1024,
  /** Packed values that are kept in one piece as well while they are asked for again and again: a list of two thousand pods. */
  unpackedBytes: 8 * 1024 * 1024,
  /** Directories of keys of which the watchers remember whom they concern: kinds × namespaces of a cluster in which much goes on. */
  rememberedDirectories: 4_096,

  /** Children of an index node. Between 32 and 128 inserts and scans cost the same; copies for snapshots stay small. */
  indexFanout: 64,

  /** Versions that `history` returns unless told otherwise. */
  historyVersions: 100,
  /** Commits that the memory log remembers: it has no disk to put them on. */
  memoryCommits: 16_384,
  /** How long the disk remembers: long enough to ask on Monday what happened on Friday. */
  historyAgeMs: 7 * 24 * 3600 * 1000,
  /** Bytes written that the disk remembers, live or replaced. */
  historyBytes: 256 * 1024 * 1024,
  /** How often retention is applied. */
  compactionIntervalMs: 60 * 1000,
  /** Changes that compaction looks at before it lets writers pass: about 5 ms of the worker. */
  compactionSlice: 512,

  /** Bytes that the worker sends in one message while loading: the main thread takes one in under 10 ms. */
  loadChunkBytes: 2 * 1024 * 1024,
  /** Changes in one such message. */
  loadChunkChanges: 1_000,
  /** SQLite's page cache. Readers never touch it; it holds the inner pages that writes change. */
  cacheBytes: 4 * 1024 * 1024,
  /** Bytes of the write-ahead log before SQLite folds it into the main file: larger is faster, and slower to open. */
  walBytes: 16 * 1024 * 1024,
} as const;
