/** Attempts of one request, the first included: enough to bridge a restart of the API server, which takes about a second. */
export const requestAttempts = 6;

/** First and longest pause between attempts. The sum of all stays under ten seconds. */
export const retryBaseMs = 50;
export const retryMaxMs = 3_000;

/** Longest wait that a server may ask for with Retry-After; a longer one is an error to show. */
export const retryAfterMaxMs = 10_000;

/** A request that is not a watch and has no answer by then never gets one. Kubernetes gives a request 60 s. */
export const requestTimeoutMs = 60_000;

/** One line of a watch: an object of the largest size a server stores (3 MiB with its old managed fields) and its envelope. */
export const watchLineBytes = 8 * 1024 * 1024;

/** Objects in one page of an informer's list: one page for most clusters, a bounded body for the largest. */
export const listPageSize = 10_000;

/** A watch is ended by the server after a time in this range, so that connections spread over servers again. */
export const watchMinSeconds = 300;
export const watchMaxSeconds = 600;

/** Pauses of an informer between failed attempts to list or watch. */
export const informerBackoffBaseMs = 100;
export const informerBackoffMaxMs = 5_000;

/** A watch that lived this long was healthy: the next failure starts from the shortest pause. */
export const healthyWatchMs = 5_000;

/** Pauses before the retries of one key of a work queue: as in Kubernetes' controllers, but capped at a minute, not 16. */
export const queueBackoffBaseMs = 5;
export const queueBackoffMaxMs = 60_000;

/** Leader election: how long a lease holds, by when a leader that cannot renew stops, and how often it renews. */
export const leaseDurationMs = 30_000;
export const leaseRenewDeadlineMs = 20_000;
export const leaseRenewPeriodMs = 10_000;

/** Pause of a leader or candidate after a failed write of the lease. */
export const leaseRetryMs = 1_000;

/**
 * Events that wait to be written; beyond this they are dropped: telling must never hold up doing. Enough for what a burst of as many
 * pods causes.
 */
export const eventsInFlight = 50_000;

/** Events that are written together. */
export const eventsAtOnce = 32;

/**
 * What writing these takes at most when the server has little else to do: no pause follows. When it takes twice as long, the pause is four times as long;
 * ten times, a hundred times. None when no more than `eventsAtOnce` wait, or half of `eventsInFlight`.
 */
export const eventsWrittenMs = 10;
export const eventPauseMaxMs = 2_000;

/** What is not written by then when its program ends is lost. */
export const eventFlushMs = 2_000;

/** The longest message an Event may have, by Kubernetes' validation. */
export const eventMessageLength = 1_024;

/** Kubernetes' event budget: 25 at once per object, then one every five minutes; alike ones combined from the eleventh in ten minutes. */
export const eventBurst = 25;
export const eventRefillMs = 300_000;
export const eventAggregateAfter = 10;
export const eventAggregateWindowMs = 600_000;

/** Notes remembered for counting. */
export const eventMemory = 4_096;
