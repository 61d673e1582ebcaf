export { type Command, flag, type Invocation, listOption, stringOption, UsageError } from "./command.ts";
export { mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
export {
  formatted,
  type Output,
  type OutputFormat,
  type Progress,
  paint,
  progress,
  table,
} from "./output.ts";
export { runCommand } from "./run.ts";
