/** Every limit of building, with its reason. */
export const limits = {
  /** Files of one source folder: a service has hundreds; far more means that a wrong folder was named. */
  sourceFiles: 20_000,
  /** Bytes of one source folder: larger things belong into a volume. */
  sourceBytes: 256 * 1024 * 1024,
  /** How long reading a library's dependencies may take. */
  libraryLookupTimeoutMs: 10_000,
} as const;
