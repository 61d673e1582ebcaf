import { powerOfTwo, randomly } from "./by-chance.ts";
import { destinationHashing, sourceHashing } from "./by-hash.ts";
import { latencyEwma, leastConnection, shortestExpectedDelay } from "./by-load.ts";
import { roundRobin } from "./round-robin.ts";
import type { Strategy } from "./strategy.ts";
import { zoneFirst } from "./zone-first.ts";

/** Every strategy under its name: for those who choose one by configuration, and to try them all. */
export const strategies = {
  "round-robin": roundRobin,
  random: randomly,
  "least connection": leastConnection,
  "power of two": powerOfTwo,
  "shortest expected delay": shortestExpectedDelay,
  "latency EWMA": latencyEwma,
  "destination hashing": destinationHashing,
  "source hashing": sourceHashing,
  "zone first": zoneFirst(),
} as const satisfies Readonly<Record<string, Strategy>>;
