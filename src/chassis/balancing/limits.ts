/** What a balancer waits for and remembers. */
export const limits = {
  /** A call that comes before the registry has said anything waits so long, and then knows of nobody. */
  firstWordMs: 5_000,
  /** Others that are asked after one in trouble, in the same attempt. */
  reroutes: 2,
  /** What a busy instance that never answered is taken to need. */
  unknownLatencyMs: 1_000,
  /** A failure counts as an answer that took at least so long: who fails at once is not the fastest. */
  failureMs: 1_000,
  /** A latency that is so old counts for a third of a new one. */
  latencyMemoryMs: 10_000,
} as const;
