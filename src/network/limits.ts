/** Every limit of the network layer, with its reason. */
export const limits = {
  /** `numgen` yields marks; one contiguous block per service port. 2^31 marks leave the sign bit alone. */
  marks: 0x7fff_ffff,
  /** Endpoints of one service port. Beyond it, Kubernetes itself advises to split the service. */
  endpointsPerPort: 4096,
  /** Elements in one `add element` statement: keeps a line within what `nft` parses quickly. */
  elementsPerStatement: 5000,
  /** How long one `nft` or `ip` call may take: 10,000 services install in under a second on two cores. */
  commandTimeoutMs: 30_000,
  /** First and longest pause before a failed programming is tried again. */
  retryMs: { first: 100, longest: 10_000 },
} as const;
