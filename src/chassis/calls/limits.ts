/** What calls take of others and wait for, where nothing else is said. */
export const limits = {
  /** In all. A third failure in a row is rarely bad luck. */
  attempts: 3,
  /** The longest wait before the second attempt; it doubles with each further one. Waits are drawn from zero to it. */
  retryDelayMs: 50,
  longestRetryDelayMs: 2_000,
  /** Retries, or hedges, per call in the long run: what is in trouble gets a tenth more to do, not three times as much. */
  budgetRatio: 0.1,
  /** Retries that may come at once: a service that is seldom called is to be allowed some, too. */
  budgetSize: 10,
  /** Calls that a breaker wants to have seen before it judges. */
  breakerCalls: 10,
  /** Failures among them that open it. */
  breakerShare: 0.5,
  /** How long a breaker remembers. */
  breakerWindowMs: 10_000,
  /** How long it stays open: at first, and at most when trying was in vain again and again. */
  breakerOpenMs: 1_000,
  breakerLongestOpenMs: 30_000,
  /** Places that a breaker knows apart. Beyond it the one that was not heard of for longest is forgotten. */
  breakerPlaces: 1_000,
  /** Attempts at one service at once, and calls that wait for one to end: a slow service holds so many of ours, and no more. */
  bulkheadConcurrent: 100,
  bulkheadWaiting: 200,
  /** A call that would have to wait longer for its turn is refused. */
  longestRateWaitMs: 1_000,
  /** One attempt: a third of what a caller waits, so that there is time for another. */
  attemptMs: 10_000,
} as const;
