export * from "./cluster-config.ts";
export * from "./layout.ts";
export * from "./requirements.ts";
export * from "./supervisor.ts";
