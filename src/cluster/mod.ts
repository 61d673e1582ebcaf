export * from "./cluster-config.ts";
export * from "./layout.ts";
export * from "./log-file.ts";
export * from "./network-config.ts";
export * from "./program-flags.ts";
export * from "./requirements.ts";
export { runningPrograms } from "./supervisor.ts";
export * from "./supervisor-for.ts";
