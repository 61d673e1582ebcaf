/** Every limit of the network layer, with its reason. */
export const limits = {
  /** Marks leave the sign bit alone. */
  marks: 2 ** 31,
  /** Numbers of chains that number connections, the lower bits of connection marks. The upper ones number service ports. */
  balancerNumbers: 2 ** 14,
  /** Chains that number connections. `nft` lists all chains for every change: 1,000 cost 2 ms, 10,000 cost 14 ms. */
  balancers: 512,
  /** Endpoints of one service port. Beyond it, Kubernetes itself advises to split the service. */
  endpointsPerPort: 4096,
  /** Clients remembered with the endpoint that they return to, 100 bytes each in the kernel; those beyond are balanced anew. */
  affinities: 262_144,
  /** Elements in one `add element` statement: keeps a line within what `nft` parses quickly. */
  elementsPerStatement: 5000,
  /** A ruleset up to this many characters goes through the `nft` that is kept: it reads them one by one. */
  keptRulesetBytes: 16_384,
  /** An `nft` that is kept remembers every line, as for somebody who types; after so many characters it makes room for another. */
  keptHistoryBytes: 1024 * 1024,
  /** How long one `nft` or `ip` call may take: 10,000 services install in under a second on two cores. */
  commandTimeoutMs: 30_000,
  /** First and longest pause before a failed programming is tried again. */
  retryMs: { first: 100, longest: 10_000 },
  /** A connection that was given its endpoint a moment ago still shakes hands, and then waits for the server to take it. */
  arrivalMs: 100,
  /** How long a client may keep an answer: endpoints change within seconds. */
  dnsTtlSeconds: 5,
  /** Aliases that lead to aliases: a chain this long is a ring. */
  dnsAliases: 8,
  /** A resolver's client gives up after 5 s; two servers must fit. */
  dnsUpstreamTimeoutMs: 2_000,
  dnsConnections: 1_000,
  dnsIdleConnectionMs: 10_000,
  /** Names are kept on disk at most this often: losing a second of changes only matters when everything fails at once. */
  dnsStateIntervalMs: 1_000,
} as const;
