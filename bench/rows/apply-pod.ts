import { bareContainers } from "../bare/containers.ts";
import { namespace } from "../cluster/bench-cluster.ts";
import type { Context } from "../context.ts";
import type { PodsInput } from "../pods/client.ts";
import { type Measurement, percentile, type Row } from "../row.ts";

const upstream = "1,000 to 2,000 typical, SLO 5,000 p99";
const bare = "runc from Node: no network, no log, no API";

export const applyMedian: Row = {
  name: "apply-p50",
  what: "apply → container running, p50 of 40",
  unit: "ms",
  better: "less",
  budget: 200,
  upstream,
  bare,
  measure: (context) => atShare(context, 0.5),
};

export const applySlowest: Row = {
  name: "apply-p99",
  what: "apply → container running, p99 of 40",
  unit: "ms",
  better: "less",
  budget: 500,
  upstream,
  bare,
  measure: (context) => atShare(context, 0.99),
};

const count = 40;
const bareCount = 10;

async function atShare(context: Context, share: number): Promise<Measurement> {
  const { latencies, node } = await latenciesOf(context);
  const value = percentile(latencies, share);
  const alike = percentile(node, 0.5);
  return { value, rounds: latencies, bare: alike, ratio: value / alike };
}

function latenciesOf(context: Context): Promise<{ latencies: number[]; node: number[] }> {
  return context.once("apply", async () => {
    const { endpoint, machine, run } = await context.cluster();
    const containers = await bareContainers(context, machine);
    const node: number[] = [];
    for (let index = 0; index < bareCount; index++) {
      const began = performance.now();
      await containers.start(`one-${index}`);
      node.push(performance.now() - began);
      await containers.remove(`one-${index}`);
    }
    const input: PodsInput = { endpoint, namespace, count };
    return { latencies: await run<number[]>("pods/apply-one-by-one.ts", input), node };
  });
}
