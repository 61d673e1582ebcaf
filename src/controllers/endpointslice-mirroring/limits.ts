/** Addresses of one subset that are mirrored, as in Kubernetes: Endpoints with more are cut off there, too. */
export const addressesPerSubset = 1_000;
