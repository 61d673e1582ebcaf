/** What making a package or a folder bounds. */
export const limits = {
  /** The compiler takes half a second, on a machine that is busy with everything else much more. */
  compileMs: 120_000,
  /** npm that packs, without a network. */
  packMs: 60_000,
} as const;
