import { standingBefore } from "../parts/store-port.ts";
import type { PlantedBug } from "./planted.ts";

/** A watch from before a compaction begins after it, instead of being told that it is too old. */
export const watchGap: PlantedBug = {
  name: "watch-gap",
  sentence: "a watch has a gap after compaction",
  ports: () => ({
    storePort: (store) =>
      standingBefore(store, {
        watch: (options) =>
          store.watch({ ...options, after: Math.max(options.after, store.compactedRevision) }),
      }),
  }),
};
