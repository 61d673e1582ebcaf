/** What making a package or a folder bounds. */
export const limits = {
  /** The compiler takes half a second, on a machine that is busy with everything else much more. */
  compileMs: 120_000,
  /** npm that packs, without a network. */
  packMs: 60_000,
  /** npm that installs, from a registry. */
  installMs: 300_000,
  /** A service's name: its pods' names, 63 characters at most, begin with it and end in what makes them unique. */
  nameCharacters: 40,
} as const;
