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
  /** What a dead letter keeps of its last error: with its event it has to fit into a message. */
  errorCharacters: 2_000,
  /** Dead letters that are shown when nothing else is said. */
  lettersShown: 100,
  /** Dead letters that are redriven in one transaction: of the largest, a hundred megabytes. */
  lettersAtOnce: 100,
  /** A tick is missed when it is so late: longer than copies take to start one after the other. */
  lateTickMs: 60_000,
  /** How often a schedule looks at the clock, which may be set. */
  scheduleLookMs: 60_000,
  /** How long at most an answer is waited for: no timer of Node's takes longer. */
  longestWaitMs: 0x7fffffff,
  /** After so long a request is sent again for which there was nobody. */
  askAgainMs: 100,
  /** How often whoever waits for an answer looks whether the one who has taken the request is still there. */
  nudgeMs: 1_000,
  /** Requests that one answerer has in hand at once; at PostgreSQL others wait for who has room. */
  answersAtOnce: 64,
  /** How long the connection for answers is kept at PostgreSQL when nobody waits for one. */
  answersIdleMs: 1_000,
  /** Parts of a topic at NATS, each in the hand of one copy of a subscriber: so many copies can share the work. */
  partitions: 16,
  /** Keys of a partition that are handled side by side: with all partitions, as many as a subscriber may prefetch. */
  keysAtOnce: 32,
  /** What a partition may take of memory, give or take the last message. */
  partitionBytes: 1024 * 1024,
  /** How often at most a partition's progress is written: what a crash repeats, against a write per message. */
  keepMs: 10,
  /** How often at most messages that everybody has handled are removed. */
  removalMs: 5_000,
  /** Within which NATS has to keep what is published, or it counts as away. */
  answerMs: 5_000,
  /** Within which NATS has to have a reader for a partition, or it is asked for another: a third of them it may give to the one server of three that died. */
  openMs: 2_000,
  /** How long at most NATS is left alone that could not give what a broker begins with: a cluster agrees within seconds. */
  agreeingMs: 1_000,
  /** How often NATS tells a reader with nothing to read that it is there. After two that do not come the reader begins again. */
  heartbeatMs: 2_000,
  /** Within which a copy of a subscriber answers another that asks whether it lives. */
  askMs: 2_000,
  /** A copy whose connection stands but which answers nothing for so long is taken for dead. */
  silentMs: 15_000,
  /** Sites that a message may have been at before it is carried no further: more than any mesh has in a row. */
  hops: 16,
  /** Messages that a gateway remembers to have carried: minutes of what comes by a second way, in some ten megabytes. */
  carried: 50_000,
  /** How long at most a message waits between attempts to carry it: about as long as the other side is away already. */
  linkRetryMs: 1_000,
};
