/** Endpoints in one slice: Kubernetes' number, so that a change of one pod sends a small object to every node. */
export const endpointsPerSlice = 100;

/** Addresses in one Endpoints object; what is more is cut off, as in Kubernetes. */
export const addressesPerEndpoints = 1_000;
