export { capacityPage } from "./capacity/capacity-page.ts";
export { capacityRecord } from "./capacity/capacity-record.ts";
export { readCapacity } from "./capacity/read-capacity.ts";
export {
  type Command,
  flag,
  formatOf,
  type Invocation,
  listOption,
  outputOption,
  stringOption,
  UsageError,
} from "./command.ts";
export { explainPage } from "./explain/explain-page.ts";
export type { ExplainedPod } from "./explain/explained-pod.ts";
export { mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
export {
  formatted,
  type Output,
  type Progress,
  paint,
  progress,
  size,
  table,
} from "./output.ts";
export { runCommand } from "./run.ts";
