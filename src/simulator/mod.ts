/** A whole cluster under a seed and a virtual clock. */
export * from "./nodes/mod.ts";
export { Simulation, type SimulationOptions } from "./simulation.ts";
