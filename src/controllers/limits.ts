/** Pause before the server is asked for its kinds again when it could not say. */
export const discoveryRetryMs = 1_000;

/** Pause before a namespace is looked at again that a live check still found content in. */
export const namespaceRetryMs = 500;

/** Deletes that the garbage collector has under way at a time. */
export const parallelCollections = 32;
