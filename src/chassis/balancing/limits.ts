/** What balancing bounds. */
export const limits = {
  /** How quickly what an instance took is forgotten: after this, it counts a third. */
  latencyMemoryMs: 10_000,
  /** So many failures in a row put an instance aside: one may be chance, and three in a row of a healthy one hardly are. */
  failuresUntilAside: 3,
  /** How long, the first time and at most; doubled each time it fails again. */
  asideMs: 5000,
  maxAsideMs: 60_000,
  /** Never more than this share of all: when most fail, it is not they who are to blame, and the rest would drown. */
  shareAside: 0.5,
  /** Others that are asked at once, when one has surely not begun. More is a matter for retries, which have a budget. */
  reroutes: 2,
} as const;
