export * from "./cluster-config.ts";
export * from "./layout.ts";
export * from "./log-file.ts";
export * from "./network-config.ts";
export * from "./requirements.ts";
export * from "./supervisor.ts";
