/** What a service's life bounds. */
export const limits = {
  /** One health check. A prober gives up after a second or so itself. */
  checkMs: 2000,
  /** What was opened gets this long to close, each. */
  closeMs: 5000,
} as const;
