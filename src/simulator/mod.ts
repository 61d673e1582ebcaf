/** A whole cluster under a seed and a virtual clock. */
export * from "./nodes/mod.ts";
export { plantedBugs } from "./planted/registry.ts";
export type { SeedAnswer, SeedRequest } from "./seeds/seed-messages.ts";
export { playSeeds } from "./seeds/seed-threads.ts";
export { formatFailure, Summary } from "./seeds/summary.ts";
export { Simulation, type SimulationOptions } from "./simulation.ts";
