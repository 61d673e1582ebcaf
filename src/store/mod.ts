export * from "./log.ts";
export { MemoryLog } from "./memory/memory-log.ts";
export { type MemoryStoreOptions, openMemoryStore } from "./memory/open.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
export type { Retention } from "./sqlite/retention.ts";
export * from "./store.ts";
