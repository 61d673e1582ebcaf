/** What the patterns take of a database, and why. */
export const limits = {
  /** Messages that a relay takes in one transaction: at 5,000/s ten round trips a second, and little to send again. */
  relayBatch: 500,
  /** What they may take of memory, give or take the last one. */
  relayBytes: 16 * 1024 * 1024,
  /** How far a relay looks for messages whose key no other copy has in hand, so that copies share the work. */
  relayWindow: 2_000,
  /** A polling relay looks so soon after there was something: half of it is the latency that it adds to a stream. */
  quickPollMs: 10,
  /** And this often when nothing comes: half of it is the latency that it adds to the first message. */
  pollMs: 100,
  /** A relay that is told of commits looks this often by itself, should it not have been told. */
  safetyLookMs: 10_000,
  /** WAL that a log relay may keep the server from removing before it gives up its slot: 1 GiB. */
  slotBytes: 1_073_741_824,
  /** What a log relay has read and not yet sent, in bytes. A full queue stops the reading; the server waits. */
  logQueueBytes: 16 * 1024 * 1024,
  /**
   * How often a log relay looks for what it has published and not removed: long after a slow one has sent what is under
   * way, long before an inbox forgets.
   */
  leftoversMs: 600_000,
  /** The server ends a replication connection that says nothing for a minute (wal_sender_timeout). */
  standbyStatusMs: 10_000,
  /** Attempts at a message before it is put aside, so that those behind it are not held up for ever. */
  attempts: 8,
  /** Sagas whose time is over that are moved in one transaction. */
  timeoutBatch: 50,
  /** Waits of a saga whose timeout fails, the last one for all further ones: it takes a new definition to mend it. */
  timeoutRetryMs: [1_000, 10_000, 60_000, 600_000] as readonly number[],
  /** Events that a projection applies in one transaction: few round trips, and locks that are held for moments. */
  eventBatch: 500,
  /** How often a command is decided anew because others were quicker, before its sender hears of it. */
  decisions: 8,
  /** How long an inbox remembers: longer than any broker or relay may take to deliver a second time. */
  inboxRetentionMs: 7 * 24 * 3_600_000,
  /** How long an idempotency key is remembered: a day's worth of trying again, for those who were cut off in the evening. */
  keyRetentionMs: 48 * 3_600_000,
  /** How long a request waits for another one with its key. Each that waits holds a connection. */
  keyWaitMs: 10_000,
  /** Rows that are forgotten in one statement: none holds locks for long. */
  forgetBatch: 10_000,
};
