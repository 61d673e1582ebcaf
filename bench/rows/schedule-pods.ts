import type { Row } from "../row.ts";
import { basicWorkload } from "../scheduling/basic.ts";
import { runWorkload } from "../scheduling/run-workload.ts";

export const schedulePods: Row = {
  name: "schedule",
  what: "scheduling, 5,000 nodes, 10,000 pods, end to end",
  unit: "/s",
  better: "more",
  budget: 1500,
  upstream: "150 to 215",
  bare: "",
  async measure(context) {
    const workload = basicWorkload({ nodes: 5_000, before: 1_000, counted: 10_000 });
    const { perSecond, samples } = await runWorkload(context, workload);
    return { value: perSecond, rounds: samples };
  },
};
