import type { Range } from "./time/seeds.ts";

/** Every limit of the simulator, and why it is what it is. */
export const limits = {
  /** Timers that fire within one millisecond before a run is given up: 5,000 nodes that start at once need a tenth of it. */
  timersPerMs: 1_000_000,
  /** What a connection holds of a watch before the server has to wait: two socket buffers. */
  streamBytes: 256 * 1024,
  /** Events that are remembered while they are on their way to several parts. */
  sharedEvents: 256,
  /** How long a part waits for what was lost before it learns that the connection is gone, in milliseconds. */
  lostForMs: [10, 8_000] as Range,

  /** Changes that the history of a run remembers: what a witness may be behind. */
  rememberedChanges: 50_000,
  /** The witness watches for so long at a time, and rests between: what it missed is what it checks. */
  witnessWatchSeconds: 60,
  witnessPauseMs: [500, 90_000] as Range,
  /** How long after the last fault what it caused is expected to be over: requests on their way, leases that run out. */
  calmAfterMs: 120_000,

  /** When nodes are switched on at the start: spread over one heartbeat, as they are in a cluster that has grown. */
  bootMs: [0, 10_000] as Range,

  /** Pods on one node: as the real agent says. */
  podsPerNode: 110,
  /** First pause of a container that fails again and again; the first restart is immediate. */
  crashBackOffMs: 10_000,
  /** How long a container takes to end whose pod is gone from the API. */
  killedMs: 2_000,
  /** Pauses of a simulated node between attempts to take a pod out of the API. */
  retryInitialMs: 200,
  retryMaximumMs: 10_000,

  /** In a live cluster: how often each lease is renewed, and how far the turns are apart in which that happens. */
  beatMs: 10_000,
  beatTurnMs: 250,
  /** How long what nodes learn is gathered, so that a burst makes them look once. */
  newsMs: 20,

  /** The shape of a run: faults begin after this, and this often. */
  startMs: 120_000,
  faultEveryMs: [2_000, 90_000] as Range,
  /** How long after the last fault everything must have come to rest: tolerations are 5 minutes, a lost lease 40 s, pauses up to a minute. */
  restWithinMs: 900_000,
  restLookMs: 5_000,
  /** Commits that a watch can go back, drawn: small windows make watches expire. */
  windowCommits: [200, 4_096] as Range,
  /** Of a pod: an ordinary one uses 32, and one that leaks has to live for minutes, or it would be ended as soon as it is ready and never rest. */
  leastMemoryMebibytes: 48,
  /** Of a pod that does not start: its pauses between attempts, two and a half minutes by then, must leave time to come to rest. */
  startFailuresInRow: 5,
  /** Between two things that people do. */
  workloadPauseMs: [5_000, 120_000] as Range,
  userPauseMs: 2_000,
  /** Pauses of a drain are longer than kubectl's: half of all that people asked for was the same eviction, refused again and again. */
  drainRounds: 7,
  drainPauseMs: 15_000,
} as const;
