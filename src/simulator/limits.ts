import type { Range } from "./time/seeds.ts";

/** Every limit of the simulator, and why it is what it is. */
export const limits = {
  /** What a connection holds of a watch before the server has to wait: two socket buffers. */
  streamBytes: 256 * 1024,
  /** How long a part waits for what was lost before it learns that the connection is gone, in milliseconds. */
  lostForMs: [10, 8_000] as Range,

  /** Pods on one node: as the real agent says. */
  podsPerNode: 110,
  /** First pause of a container that fails again and again; the first restart is immediate. */
  crashBackOffMs: 10_000,
  /** How long a container takes to end whose pod is gone from the API. */
  killedMs: 2_000,
  /** Pauses of a simulated node between attempts to take a pod out of the API. */
  retryInitialMs: 200,
  retryMaximumMs: 10_000,
} as const;
