/** Writes of one set under way at a time. */
export const parallelWrites = 32;
