export {
  type ExplainInput,
  type Explanation,
  explainPod,
  type GatedPod,
  type PlacedPod,
  type PreemptionPlan,
  type RankedNode,
  type RefusedGroup,
  type UnplacedPod,
} from "./explanation/explain-pod.ts";
export { type IfMoreImportant, ifMoreImportant } from "./explanation/more-important.ts";
export { readExplainInput } from "./explanation/read-input.ts";
export type { Suggestion } from "./explanation/suggestions.ts";
export { remedyInWords, suggestionInWords } from "./explanation/words.ts";
export type { Remedy } from "./framework/remedy.ts";
export { startScheduler } from "./start.ts";
