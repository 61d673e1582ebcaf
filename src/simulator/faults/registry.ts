import { clockSkew } from "./clocks.ts";
import type { Fault } from "./fault.ts";
import { connectionReset, duplicates, lossyLink, partition, slowLink } from "./network.ts";
import { nodeCrash, nodeHang, nodeReboot, nodeSlow, zoneLoss } from "./nodes.ts";
import { lateWords, leaderChange, programHang } from "./programs.ts";
import { compaction, diskFull, diskSlow, storeRestart } from "./store.ts";

/** Every kind of fault. A new one is added here. */
export const faults: readonly Fault[] = [
  nodeCrash,
  nodeReboot,
  nodeHang,
  nodeSlow,
  zoneLoss,
  partition,
  slowLink,
  lossyLink,
  duplicates,
  connectionReset,
  diskFull,
  diskSlow,
  storeRestart,
  compaction,
  leaderChange,
  lateWords,
  programHang,
  clockSkew,
];
