/** What one ConfigMap or Secret may hold, as in Kubernetes: every pod that mounts it, and every watcher, carries it. */
export const maxContentBytes = 1024 * 1024;

/** What an event may say, as in Kubernetes. */
export const maxEventMessageBytes = 1024;

/** Addresses in one endpoint slice, as in Kubernetes: one change rewrites the slice. */
export const maxEndpointsPerSlice = 1000;

/** Ports in one endpoint slice: Kubernetes' limit. */
export const maxPortsPerSlice = 20_000;
