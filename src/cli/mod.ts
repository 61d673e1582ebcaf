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
