/** How long a node may be silent before it counts as lost. It renews its lease every 10 s; Kubernetes waits 40 s. */
export const graceMs = 40_000;

/** Status writes and deletes under way at a time for one node's pods. */
export const parallelPods = 32;
