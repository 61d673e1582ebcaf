export { type OpenedRuntime, openRuntime, type RuntimeOptions, removeRuntime } from "./open-runtime.ts";
