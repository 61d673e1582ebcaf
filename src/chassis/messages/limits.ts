/** What messages may take, and why. */
export const limits = {
  /** Below NATS' 1 MiB with room for its headers: what is accepted by an outbox must be accepted by every broker. */
  eventBytes: 1_000_000,
  /** Messages that a subscriber holds at once: enough to hide round trips, few enough to be handled again after a fault. */
  prefetch: 500,
  /** What they may take of memory, give or take the last one. */
  prefetchBytes: 16 * 1024 * 1024,
  /** How far a subscriber looks for messages whose key no other copy has in hand. */
  window: 2_000,
  /** A subscriber that was told nothing looks by itself: a message of a copy that died is noticed by then. */
  safetyLookMs: 5_000,
  /** Waits between attempts to handle the same message, the last one for all further ones. */
  retryDelaysMs: [100, 500, 2_000, 10_000, 30_000] as readonly number[],
  /** How long NATS may take to answer; then the caller is told, and may try again. */
  natsTimeoutMs: 5_000,
  /** What is read ahead of one of a topic's partitions: the half that is asked for at a time has room for any event. */
  natsReadBytes: 4 * 1024 * 1024,
  /** A reading that hears nothing for two of these is begun anew: a server of a cluster may be gone. */
  natsHeartbeatMs: 5_000,
  /** Copies look after one another this often. One whose connection has ended is found gone at once. */
  copyCheckMs: 1_000,
  /** One that hangs, so that its connection still stands, is given up after so long without an answer, so many times. */
  copyAnswerMs: 2_000,
  copySilences: 3,
  /** What all subscribers have handled is removed so long after: removals cost a search, so they are few. */
  natsPurgeMs: 5_000,
};
