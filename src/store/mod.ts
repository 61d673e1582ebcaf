export * from "./log.ts";
export { MemoryLog } from "./memory/memory-log.ts";
export { type MemoryStoreOptions, openMemoryStore } from "./memory/open.ts";
export { openSimulatedStore, type SimulatedStoreOptions } from "./simulated/open.ts";
export { type Disk, type DiskOutcome, SimulatedDisk } from "./simulated/simulated-disk.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
export type { Retention } from "./sqlite/retention.ts";
export * from "./store.ts";
