export {
  type ExplainInput,
  type Explanation,
  explainPod,
  type GatedPod,
  type PlacedPod,
  type RankedNode,
  type RefusedGroup,
  type UnplacedPod,
} from "./explanation/explain-pod.ts";
export type { Suggestion } from "./explanation/suggestions.ts";
export type { Remedy } from "./framework/remedy.ts";
export { startScheduler } from "./start.ts";
