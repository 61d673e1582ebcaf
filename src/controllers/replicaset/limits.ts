/** Most pods that one reconcile creates or deletes: Kubernetes' burst of 500. */
export const podBurst = 500;

/** Deletes under way at a time. */
export const parallelDeletes = 64;
