import type { Row } from "../row.ts";
import { applyMedian, applySlowest } from "./apply-pod.ts";
import { createPods } from "./create-pods.ts";
import { decisions } from "./decisions.ts";
import { getPodHttp1, getPodHttp2 } from "./get-pod.ts";
import { idleCpu, idleMemory } from "./idle.ts";
import { listFew, listMany } from "./list-pods.ts";
import { memoryMany } from "./many-pods.ts";
import { schedulePods } from "./schedule-pods.ts";
import { servicesAll, servicesOne } from "./services.ts";
import { startPods } from "./start-pods.ts";
import { upFirst, upWarm } from "./up.ts";

/** Every row, in the order of the table, which is that of measuring: the largest cluster comes last. */
export const rows: readonly Row[] = [
  upFirst,
  upWarm,
  idleMemory,
  idleCpu,
  applyMedian,
  applySlowest,
  startPods,
  createPods,
  getPodHttp1,
  getPodHttp2,
  listFew,
  memoryMany,
  listMany,
  servicesAll,
  servicesOne,
  schedulePods,
  decisions,
];
