import { basename } from "node:path";
import { type Clock, type Logger, silentLogger } from "#base";
import { openIndexedStore } from "../core/indexed-store.ts";
import type { TimelineLimits } from "../core/timeline.ts";
import type { Stamp, Store } from "../store.ts";
import { type Retention, startRetention } from "./retention.ts";
import { SqliteLog } from "./sqlite-log.ts";

export interface SqliteStoreOptions {
  /** Made (0700) when it is not there. One process at a time may have it open. */
  readonly directory: string;
  readonly clock: Clock;
  readonly stamp?: Stamp;
  readonly logger?: Logger;
  readonly retention?: Retention;
  /** How far snapshots and watches go back; defaults to limits.ts. */
  readonly window?: TimelineLimits;
}

/**
 * Opens the store in a directory, with everything that was ever acknowledged. Throws `ApiError` ServiceUnavailable
 * when another process has it open, when it is of a newer format, or when the disk refuses; InternalError when it is
 * damaged. It is open as a whole, or not at all.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, clock, logger = silentLogger } = options;
  const program = basename(process.argv[1] ?? "node");
  const log = new SqliteLog({
    settings: { directory, program, openedAt: clock.now() },
    stamp: options.stamp,
  });
  try {
    const store = await openIndexedStore({ log, logger, window: options.window });
    const retention = startRetention({ log, clock, logger, retention: options.retention });
    const close = store.close.bind(store);
    store.close = () => {
      retention.stop();
      return close();
    };
    return store;
  } catch (error) {
    await log.close();
    throw error;
  }
}
