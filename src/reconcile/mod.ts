export {
  type Controller,
  type ControllerOptions,
  controller,
  controllerKey,
  type Reconcile,
  type ReconcileResult,
  TerminalError,
  type Watch,
  type WatchOptions,
  watch,
} from "./controller.ts";
export { type ControllerRuntime, runController } from "./run-controller.ts";
