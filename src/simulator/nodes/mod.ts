export * from "./behaviour.ts";
export { Fleet, type FleetOptions } from "./fleet.ts";
export type { NodePower } from "./node-power.ts";
export { hasProcesses, type PodState } from "./pod-state.ts";
export * from "./shape.ts";
export { type NodeObserver, SimulatedNode } from "./simulated-node.ts";
export type { SimulatedPod } from "./simulated-pod.ts";
