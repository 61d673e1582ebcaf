/** What the configuration bounds. */
export const limits = {
  /** How often a mounted directory is read anew because it was swapped meanwhile: swaps are a minute apart. */
  mountReads: 3,
} as const;
