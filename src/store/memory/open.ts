import { type Logger, silentLogger } from "#base";
import { openIndexedStore } from "../core/indexed-store.ts";
import type { TimelineLimits } from "../core/timeline.ts";
import type { Log } from "../log.ts";
import type { Stamp, Store } from "../store.ts";
import { MemoryLog } from "./memory-log.ts";

export interface MemoryStoreOptions {
  readonly stamp?: Stamp;
  readonly logger?: Logger;
  /** A log to share with other stores, with its own stamp; by default a new one. */
  readonly log?: Log;
  /** How far snapshots and watches go back; defaults to limits.ts. */
  readonly window?: TimelineLimits;
}

/** An empty store that lives as long as the process. */
export function openMemoryStore(options: MemoryStoreOptions = {}): Promise<Store> {
  return openIndexedStore({
    log: options.log ?? new MemoryLog({ stamp: options.stamp }),
    logger: options.logger ?? silentLogger,
    window: options.window,
  });
}
