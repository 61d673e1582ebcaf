import { aligned, digits } from "../aligned.ts";
import { basicWorkload } from "../scheduling/basic.ts";
import { runWorkload, type WorkloadResult } from "../scheduling/run-workload.ts";
import type { Study } from "./study.ts";

/** What the size of a cluster costs: the same pods on more and more nodes. */
export const schedulingScale: Study = {
  name: "scheduling-scale",
  what: "SchedulingBasic at 100 to 10,000 nodes, and what one pod costs there",
  async run(context, say) {
    const measured: { nodes: number; many: WorkloadResult; one: WorkloadResult }[] = [];
    for (const nodes of sizes) {
      say(`${nodes} nodes`);
      const many = await runWorkload(context, basicWorkload({ nodes, before: 100, counted: podsFor(nodes) }));
      const one = await runWorkload(context, basicWorkload({ nodes, before: 100, counted: 1 }));
      measured.push({ nodes, many, one });
    }
    const most = Math.max(...measured.map(({ many }) => many.perSecond));
    const lines = measured.map(({ nodes, many, one }) => [
      nodes.toLocaleString("en-US"),
      digits(many.perSecond),
      "█".repeat(Math.round((many.perSecond / most) * plotWidth)),
      `${digits(many.latencyMs.p50)} ms`,
      `${digits(many.latencyMs.p99)} ms`,
      `${digits(one.latencyMs.p50)} ms`,
      `${digits(many.peakMemory.controlPlane)} MB`,
      `${digits(many.peakMemory.scheduler)} MB`,
    ]);
    const head = ["nodes", "pods/s", "", "p50", "p99", "one pod", "API server", "scheduler"];
    return { text: aligned([head, ...lines]), json: measured, failures: 0 };
  },
};

const sizes = [100, 500, 1_000, 5_000, 10_000];

/** As many as fit the smallest of the sizes, and enough to see a rate. */
function podsFor(nodes: number): number {
  return Math.min(5_000, nodes * 38);
}

const plotWidth = 30;
