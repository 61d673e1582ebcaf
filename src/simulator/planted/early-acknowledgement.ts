import type { PlantedBug } from "./planted.ts";

/** The disk says that a write is durable before it is. */
export const earlyAcknowledgement: PlantedBug = {
  name: "early-acknowledgement",
  sentence: "a write is acknowledged before fsync",
  ports: () => ({
    diskPort: (disk) => ({
      read: (onEntries, onRecords) => disk.read(onEntries, onRecords),
      write(records, outcome) {
        if (disk.isFull) {
          disk.write(records, outcome);
          return;
        }
        disk.write(records, { onDurable: () => {}, onRefused: () => {} });
        queueMicrotask(() => outcome.onDurable());
      },
    }),
  }),
};
