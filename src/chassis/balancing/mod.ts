export { type BalanceOptions, balance } from "./balance.ts";
export { Balancer, type BalancerOptions, type Picked } from "./balancer.ts";
export { powerOfTwo, randomly } from "./by-chance.ts";
export { destinationHashing, sourceHashing } from "./by-hash.ts";
export { latencyEwma, leastConnection, shortestExpectedDelay } from "./by-load.ts";
export { roundRobin } from "./round-robin.ts";
export { type RouterOptions, router } from "./router.ts";
export type { Asked, Candidate, Choose, Strategy, Surroundings } from "./strategy.ts";
export { zoneFirst } from "./zone-first.ts";
