import type { Clock, Logger } from "#base";
import type { Host } from "#host";
import type { LocalImageStore } from "../images/image-store.ts";
import type { Engine } from "./engine.ts";
import type { FifoStock } from "./fifo-stock.ts";
import type { RuntimePaths } from "./paths.ts";
import type { Records } from "./records.ts";

/** What all parts of the runtime work with, found out once when it is opened. */
export interface RuntimeContext {
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly paths: RuntimePaths;
  readonly records: Records;
  readonly images: LocalImageStore;
  readonly engine: Engine;
  /** Whose FIFOs go anywhere below the run directory. */
  readonly fifos: FifoStock;
  /** Absolute path of conmon. */
  readonly conmon: string;
  /** Group of all pods, with a leading slash: `/kubepods`. */
  readonly cgroupParent: string;
  /** Where conmons are moved; undefined: they stay in the group of who started them (see `groups.ts`). */
  readonly conmonCgroup: string | undefined;
  readonly layout: "v1" | "hybrid" | "v2";
  readonly bootId: string;
  readonly availableCapabilities: ReadonlySet<string>;
  readonly leastOomScoreAdjustment: number;
  readonly architecture: string;
}
