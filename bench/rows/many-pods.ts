import { usageOf } from "../cluster/process-tree.ts";
import { restingPods } from "../cluster/resting-pods.ts";
import type { Context } from "../context.ts";
import type { Row } from "../row.ts";

const count = 16_000;

/** The namespace that holds 16,000 pods. */
export async function manyPods(context: Context): Promise<string> {
  return restingPods(context, await context.cluster(), count);
}

export const memoryMany: Row = {
  name: "memory-16000",
  what: "memory with 16,000 pods",
  unit: "MB",
  better: "less",
  budget: 300,
  upstream: "950",
  bare: "",
  async measure(context) {
    const { layout } = await context.cluster();
    await manyPods(context);
    // Collectors give back what they can while nothing happens; a user with as many pods is there most of the time.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const { memoryMb } = await usageOf(layout);
    return { value: memoryMb, rounds: [memoryMb] };
  },
};

/** V8 collects what a burst has left 8 to 16 s after it, once nothing happens. */
const settleMs = 20_000;
