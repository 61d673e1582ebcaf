import { between, happens } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";

/** The disk of the store has no room: nothing can be written, everything can be read. */
export const diskFull: Fault = {
  kind: "disk-full",
  weight: 2,
  begin({ simulation: { disk } }, random) {
    if (disk.isFull) return undefined;
    disk.fill();
    return { words: "disk-full", forMs: between(random, [1_000, 60_000]), end: () => disk.free() };
  },
};

/** An fsync takes a hundred times as long. */
export const diskSlow: Fault = {
  kind: "disk-slow",
  weight: 2,
  begin({ simulation: { disk } }, random) {
    if (disk.slowness !== 1) return undefined;
    disk.slowness = between(random, [10, 500]);
    return {
      words: `disk-slow × ${disk.slowness.toFixed(0)}`,
      forMs: between(random, [5_000, 120_000]),
      end: () => {
        disk.slowness = 1;
      },
    };
  },
};

/** The API server ends without warning, in the middle of whatever it does, and starts again. */
export const storeRestart: Fault = {
  kind: "store-restart",
  weight: 3,
  begin({ simulation: { controlPlane } }, random) {
    if (!controlPlane.isRunning) return undefined;
    controlPlane.crash();
    return {
      words: "store-restart",
      forMs: between(random, happens(random, 0.8) ? [200, 3_000] : [3_000, 60_000]),
      end: () => void controlPlane.start(),
    };
  },
};

/** The store forgets what was, up to now: who was away has to list again. */
export const compaction: Fault = {
  kind: "compaction",
  weight: 3,
  begin({ simulation: { controlPlane } }) {
    if (!controlPlane.isRunning) return undefined;
    const { store } = controlPlane;
    void store.compact(store.revision);
    return { words: `compaction at ${store.revision}`, forMs: 0, end: () => {} };
  },
};
