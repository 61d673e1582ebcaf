export type { Behaviour, BehaviourOf, ExecAnswer } from "./behaviour.ts";
export { type SimulatedImagesOptions, simulatedImages } from "./simulated-images.ts";
export {
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
  simulatedRuntime,
} from "./simulated-runtime.ts";
