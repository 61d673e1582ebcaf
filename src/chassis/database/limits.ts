/** What is asked of a database that is away, and why. */
export const limits = {
  /** Waits of whatever persists while the database or a broker is away, the last one for all further ones. */
  retryDelaysMs: [50, 200, 1_000, 5_000] as readonly number[],
};
