/** How long discovery takes to notice, and what it costs. */
export const limits = {
  /** DNS is asked so often: a record's own time to live is seldom true, and a query costs next to nothing. */
  dnsRefreshMs: 2_000,
  /** A name that has had no records for so long is searched for again: what is started anew, or is scaled to none for a moment, is back by then. */
  dnsSearchAgainMs: 60_000,
  /** A list of slices, in kilobytes; and what a watch may be late to end. A connection that leads nowhere is known as such after so long. */
  listMs: 5_000,
  /** Slices are listed so often at most: while hundreds of pods are replaced each change would be a list. */
  leastListsApartMs: 100,
  /** A registration that is not renewed holds so long, and is renewed three times in it: two renewals may be lost. */
  leaseMs: 9_000,
  /** How often a registry sees for itself, how long it waits, and how many failures in a row it believes: gone within four seconds. */
  checkMs: 1_000,
  checkTimeoutMs: 1_000,
  failedChecks: 2,
  /** One that has just come and is not well yet is looked at again after so long, and twice that with each failure. */
  soonCheckMs: 100,
  /** Each costs the registry a request a second: a core's worth. Who registers without end is told, and takes no memory. */
  instances: 2_000,
  /** One attempt at a registration. A registry answers at once, or is not there. */
  registerMs: 1_000,
  /** A registry that has just started says nothing until everybody has renewed (3 s) and been checked (1 s): half a list would be taken for all. */
  learnMs: 5_000,
  /** Questions that wait for a change, of all clients together. */
  questions: 10_000,
  /** An address with its path. */
  urlCharacters: 2_000,
  /** A question that waits for a change is answered after so long without one. */
  questionMs: 20_000,
  /** A source that failed is asked again after so long at first, and at most. */
  retryMs: 200,
  longestRetryMs: 5_000,
  /** A registration that failed is tried again after so long at most: sooner than a registry that has started begins to speak. */
  longestRegisterRetryMs: 1_000,
} as const;
