/** Pods that one look creates or deletes at most: Kubernetes' number. */
export const podBurst = 500;

/** Ends of pods that a job's status may name before they are counted: keeps their uids below 20 kB, as upstream. */
export const maxUncounted = 500;

/** Pause before a pod is made in the place of one that failed: doubled with every failure in a row. Kubernetes' 10 s and 10 min. */
export const backoffBaseMs = 10_000;
export const backoffMaxMs = 600_000;

/** Writes of one job's pods under way at a time. */
export const parallelWrites = 64;
