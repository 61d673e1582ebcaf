export * from "./log.ts";
export { MemoryLog } from "./memory/memory-log.ts";
export { type MemoryStoreOptions, openMemoryStore } from "./memory/open.ts";
export * from "./store.ts";
