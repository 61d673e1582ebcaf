/** What the HTTP side bounds. Bodies and times may be set per route. */
export const limits = {
  /** A JSON body: what a form or an order needs a hundred times over, and little enough that many at once fit in memory. */
  maxBodyBytes: 1024 * 1024,
  /** All headers of a request together; more is answered 431. Node's own default. */
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  /** Until the headers are complete: who sends them slower than this holds a connection for nothing. */
  headersMs: 10_000,
  /** Until headers and body are complete. */
  requestMs: 60_000,
  /**
   * How long an idle connection is promised to be kept (`Keep-Alive: timeout=4`). Clients that heed it let go of an idle one themselves, so that none of them
   * sends a request into one that is closed by a drain: shorter than a drain's delay.
   */
  promisedIdleMs: 4000,
  /** How long it really is, for those that go by times of their own. Longer than the 60 s of usual load balancers, so that they close it, not we, with a request on the way. */
  keepAliveMs: 75_000,
  /** An answer, when neither route nor caller say less. */
  answerMs: 30_000,
  /** Wrong fields named in one problem document. */
  errorsPerProblem: 100,
} as const;
