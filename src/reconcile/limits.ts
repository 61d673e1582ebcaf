/** Upper bounds of the reconcile time histogram, in seconds: from a look at the cache to a server that hardly answers. */
export const reconcileBuckets: readonly number[] = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];
