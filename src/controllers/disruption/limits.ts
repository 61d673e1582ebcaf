/** How long an eviction that was allowed counts as done before its pod is gone: Kubernetes' two minutes. */
export const deletionTimeoutMs = 120_000;

/** How long a pod may be said to be disrupted without being deleted: Kubernetes' two minutes. */
export const staleDisruptionMs = 120_000;
