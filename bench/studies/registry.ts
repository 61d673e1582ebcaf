import { balancing } from "./balancing.ts";
import { chassis } from "./chassis.ts";
import { decisionsBySize } from "./decisions.ts";
import { fakeNodes } from "./fake-nodes.ts";
import { scheduling } from "./scheduling.ts";
import { schedulingScale } from "./scheduling-scale.ts";
import type { Study } from "./study.ts";

export const studies: readonly Study[] = [
  scheduling,
  schedulingScale,
  decisionsBySize,
  fakeNodes,
  chassis,
  balancing,
];
