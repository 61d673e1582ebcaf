import { type Logger, silentLogger } from "#base";
import { openIndexedStore } from "../core/indexed-store.ts";
import type { TimelineLimits } from "../core/timeline.ts";
import type { Stamp, Store } from "../store.ts";
import type { Disk } from "./simulated-disk.ts";
import { SimulatedLog } from "./simulated-log.ts";

export interface SimulatedStoreOptions {
  /** Outlives the store. One store at a time. */
  readonly disk: Disk;
  readonly stamp?: Stamp;
  readonly logger?: Logger;
  /** How far snapshots and watches go back; defaults to limits.ts. */
  readonly window?: TimelineLimits;
}

/** The store that is on a simulated disk: everything that was acknowledged, unless the disk lies. */
export function openSimulatedStore(options: SimulatedStoreOptions): Promise<Store> {
  return openIndexedStore({
    log: new SimulatedLog({ disk: options.disk, stamp: options.stamp }),
    logger: options.logger ?? silentLogger,
    window: options.window,
  });
}
