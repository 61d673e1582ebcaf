/** A whole cluster under a seed and a virtual clock. */
export { beginYoung } from "./heap.ts";
export * from "./nodes/mod.ts";
export { plantedBugs } from "./planted/registry.ts";
export { type PlayOptions, play } from "./play/play.ts";
export { htmlReport } from "./report/html/page.ts";
export { makeReport } from "./report/make-report.ts";
export type { Report } from "./report/report.ts";
export { textReport } from "./report/text.ts";
export { type ClusterContents, clusterContents, workloadKinds } from "./scenario/cluster.ts";
export type { Files } from "./scenario/manifests.ts";
export { ScenarioError } from "./scenario/mistakes.ts";
export { readScenario } from "./scenario/read-scenario.ts";
export type { Scenario } from "./scenario/scenario.ts";
export type { SeedAnswer, SeedRequest } from "./seeds/seed-messages.ts";
export { playSeeds } from "./seeds/seed-threads.ts";
export { formatFailure, Summary } from "./seeds/summary.ts";
export { Simulation, type SimulationOptions } from "./simulation.ts";
