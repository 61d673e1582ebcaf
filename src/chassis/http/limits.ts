/** What the HTTP side bounds. Bodies and times may be set per route. */
export const limits = {
  /** A JSON body: what a form or an order needs a hundred times over, and little enough that many at once fit in memory. */
  maxBodyBytes: 1024 * 1024,
  /** An answer of another service, in memory at once: a list of 16,000 orders. Whoever has more to say says it in a stream. */
  maxAnswerBytes: 16 * 1024 * 1024,
  /** All headers of a request together; more is answered 431. Node's own default. */
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  /** Until the headers are complete: who sends them slower than this holds a connection for nothing. */
  headersMs: 10_000,
  /** Until headers and body are complete. */
  requestMs: 60_000,
  /** How often it is looked who is slower than that: what these two may be exceeded by. Node's own default would make 40 s of 10. */
  lookAtSlowMs: 5_000,
  /**
   * How long an idle connection is promised to be kept (`Keep-Alive: timeout=4`). Clients that heed it let go of an idle one themselves, so that none of them
   * sends a request into one that is closed by a drain: shorter than a drain's delay.
   */
  promisedIdleMs: 4000,
  /** How long it really is, for those that go by times of their own. Longer than the 60 s of usual load balancers, so that they close it, not we, with a request on the way. */
  keepAliveMs: 75_000,
  /** An answer, when neither route nor caller say less. */
  answerMs: 30_000,
  /** Until an answer that does not fit into the connection, or the next piece of a stream, has been taken: who reads slower than this holds a place among those for nothing. */
  takenMs: 60_000,
  /** Letters of a path in a span. */
  tracedPath: 512,
  /** Requests to routes at once: whatever each holds (a body of at most 1 MiB, a connection to a database) it holds so often at most. */
  maxInFlight: 1_000,
  /**
   * What a request may have waited: a third of what an answer may take. A burst, a start or busy neighbours make callers wait for a second or two, who
   * would be answered a moment later. Services whose callers wait less say less.
   */
  maxDelayMs: 10_000,
  /** How long a browser may remember which requests of another origin's pages are allowed: twice the time in which somebody who shuts one out wants to see it. */
  preflightSeconds: 600,
  /** How long the loop may be without an idle moment before a look is taken at who waits to be accepted. */
  idleLookMs: 25,
  /** Callers whose rates are known. Beyond it the one that has not asked for longest is forgotten, and may ask anew. */
  ratedCallers: 10_000,
  /** Wrong fields named in one problem document. */
  errorsPerProblem: 100,
  /** Values in a part of a request of which every mistake is told: of a larger one the first, for a million mistakes take seconds to find. */
  explainedValues: 1_000,
  /** How long a field's name may be for a guess at what was meant: guesses compare each letter with each. */
  guessedName: 64,
  /** Letters of a pointer to a wrong field. */
  pointer: 200,
} as const;
