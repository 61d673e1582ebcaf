/** Pods that ended and are kept for people to look at: Kubernetes' number. */
export const endedPods = 12_500;

/** How long a node must be gone before its pods are given up: it may be on its way back. */
export const quarantineMs = 40_000;

/** Deletes under way at a time. */
export const parallelDeletes = 32;
