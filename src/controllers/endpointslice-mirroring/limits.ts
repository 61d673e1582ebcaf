/** Addresses with the same ports that are mirrored, as in Kubernetes: Endpoints with more are cut off there, too. */
export const addressesPerSlice = 1_000;
