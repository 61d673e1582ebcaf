/** What discovery bounds. */
export const limits = {
  /** Before a registry that failed is asked again: the first time, and at most. Doubled in between, half of it by chance. */
  retryMs: 200,
  maxRetryMs: 10_000,
  /** A DNS answer is asked for anew when its TTL is over, but not more often, and not more rarely, than this. */
  minDnsAgeMs: 1000,
  maxDnsAgeMs: 30_000,
  /** One answer of a DNS server or an API server. */
  answerMs: 5000,
  /** A watch of the API server is asked for anew after this: it may have died without a word. */
  watchSeconds: 300,
  /** One line of a watch, or a list: a thousand slices. */
  maxAnswerBytes: 32 * 1024 * 1024,
} as const;
