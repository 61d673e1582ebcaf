import { aligned, digits } from "../aligned.ts";
import { measureDecisions, sorts } from "../decisions/decide.ts";
import type { Study } from "./study.ts";

/** What a decision costs against the size of the cluster. */
export const decisionsBySize: Study = {
  name: "decisions-by-size",
  what: "scheduling decisions per second of CPU, by sort of pod, at 100 to 10,000 nodes",
  async run(_context, say) {
    const measured = sorts.map((sort) => {
      say(`pods with ${sort}`);
      return { sort, bySize: sizes.map((nodes) => ({ nodes, ...measureDecisions(sort, nodes) })) };
    });
    const [first] = measured;
    const head = ["decisions/s", ...sizes.map((nodes) => `${nodes.toLocaleString("en-US")} nodes`)];
    const lines = measured.map(({ sort, bySize }) => [sort, ...bySize.map(({ value }) => digits(value))]);
    const bare = ["a loop over all nodes", ...(first?.bySize ?? []).map((one) => digits(one.bare ?? 0))];
    return { text: aligned([head, ...lines, bare]), json: measured, failures: 0 };
  },
};

const sizes = [100, 500, 1_000, 5_000, 10_000];
