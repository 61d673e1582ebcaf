/** Pods that one look creates at most: Kubernetes' number. */
export const podBurst = 250;

/** Deletes of one set under way at a time. */
export const parallelDeletes = 64;

/**
 * How long a pod that failed stays before another takes its place: a node that refuses it at once would refuse a thousand. Upstream
 * begins with 1 s and comes to 15 min; one pause in between needs no memory.
 */
export const failedPauseMs = 10_000;
