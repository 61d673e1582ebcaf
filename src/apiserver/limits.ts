/** Largest request body. Upstream's limit; etcd refuses requests above 1.5 MiB anyway, JSON shrinks on the way. */
export const maxBodyBytes = 3 * 1024 * 1024;

/** Requests that read and are being answered. As upstream's `--max-requests-inflight`: beyond it 429. */
export const maxReadsInFlight = 400;

/** Requests that write and are being answered. As upstream's `--max-mutating-requests-inflight`. */
export const maxWritesInFlight = 200;

/** Requests whose body is on its way. Their bodies are in memory: mostly small, but a hostile client's are not. */
export const maxUploads = 400;

/** How long a body may take to arrive: 3 MiB over a line of 1 Mbit/s. What comes slower holds its place for nothing. */
export const uploadTimeoutMs = 30_000;

/** The longest that a refused client is told to wait: our own give up a request that is to wait longer. Seconds. */
export const maxRetryAfterSeconds = 10;

/** How often a write without a resource version is tried again when someone else was faster. */
export const maxConflictRetries = 10;

/** How often `generateName` tries another suffix: 27^5 names make even the second try rare. */
export const maxNameRetries = 8;

/** `generateName` plus suffix stays below the length of a DNS label. */
export const maxGeneratedBaseLength = 58;

/**
 * JSON bytes whose parsed form is kept at hand: a few hundred pods, so that what was just created is bound and reported on without
 * parsing it again. Parsed objects take two to four times their JSON.
 */
export const parsedCacheBytes = 2 * 1024 * 1024;

/** Texts and sets of labels by which what selectors ask is shared among objects: of a few thousand workloads. */
export const maxSharedFacts = 4_096;

/** Characters of one of them: all together may keep some ten megabytes of objects that are gone. */
export const maxSharedFactLength = 1_024;

/** Shapes of created objects that are remembered per kind: enough for a few controllers at work at the same time. */
export const rememberedShapes = 4;

/** A shape of more fields is not remembered: nobody creates one large object after another, and its copies cost much. */
export const rememberedShapeFields = 1_000;

/** `Accept` headers whose reading is remembered: the programs of a cluster send about ten. */
export const rememberedAccepts = 64;

/** Listings inside the server of at most this many objects keep them parsed: roles and classes are asked for often. */
export const keptListSize = 64;

/** A larger list is written in slices of this size, with other requests in between. About 0.1 ms of TLS. */
export const listSliceBytes = 128 * 1024;

/** Buffers for such slices that are kept: as many large lists can be under way without asking the system for memory. */
export const sliceBuffers = 16;

/** How long work on many objects (selectors, tables) may hold the event loop before others get their turn. */
export const sliceMs = 4;

/** A page never holds more objects than this, whatever `limit` says: keeps page tokens and counts cheap. */
export const maxPageSize = 100_000;

/** Bytes a watcher may leave unread before its watch pauses; it goes on from the log when it has caught up. */
export const watchBufferBytes = 1024 * 1024;

/** A watch that named no timeout ends after this time, up to twice as long, spread so that clients do not return all at once. */
export const watchTimeoutMs = 30 * 60 * 1000;

/** How long after the last event a watcher that asked for bookmarks gets one, if the store has moved on. */
export const bookmarkAfterMs = 60 * 1000;

/** How long a read waits for a revision from the future before it says 504. */
export const futureRevisionWaitMs = 3000;

/** Objects of one deletecollection that are being deleted at the same time: enough to share commits. */
export const deleteCollectionWorkers = 16;

/** Bodies below this size are not worth compressing. As upstream. */
export const gzipAboveBytes = 128 * 1024;

/** How long a closing server waits for requests that are being answered: they take milliseconds, but followed logs never end. */
export const closeGraceMs = 3000;

/** How long an idle HTTP/1.1 connection is kept: longer than clients' pools do, so that they close first. */
export const keepAliveMs = 120_000;

/** Requests that one HTTP/2 connection may have open. As Go's server, which clients are used to. */
export const maxStreamsPerConnection = 250;

/** Frames of one trunk that are taken before others have their turn: requests that begin take some 50 µs each. */
export const trunkFramesPerTurn = 64;

/** All warnings of an answer together; clients refuse answers whose headers grow too long. As upstream. */
export const maxWarningsCharacters = 4096;

/** One warning, when together they are too long. As upstream. */
export const maxWarningCharacters = 256;

/** YAML up to this size is read at once, which takes a few milliseconds; what is larger waits for a thread. */
export const yamlInPlaceBytes = 4 * 1024;

/** Evicted pods that a budget's status may name before its controller has seen them go: Kubernetes' number. */
export const maxDisruptedPods = 2_000;

/** What a client is told to wait while a budget's controller has not yet looked at it, as upstream. */
export const budgetPauseSeconds = 10;
