import { aligned, digits } from "../aligned.ts";
import { changes, measureChange } from "../decisions/changes.ts";
import { measureDecisions } from "../decisions/decide.ts";
import { sorts } from "../decisions/objects.ts";
import type { Study } from "./study.ts";

/** What a decision costs against the size of the cluster, alone and after something changed. */
export const decisionsBySize: Study = {
  name: "decisions-by-size",
  what: "scheduling decisions at 100 to 10,000 nodes: how many per second of CPU, and what one change costs",
  async run(_context, say) {
    const decided = sorts.map((sort) => {
      say(`pods with ${sort}`);
      return { sort, bySize: sizes.map((nodes) => ({ nodes, ...measureDecisions(sort, nodes) })) };
    });
    const changed = changes.map((change) => {
      say(`a changed ${change}`);
      return {
        change,
        bySize: sizes.map((nodes) => ({ nodes, microseconds: measureChange(change, nodes) })),
      };
    });
    const [first] = decided;
    const text = aligned([
      ["decisions/s", ...sizes.map((nodes) => `${nodes.toLocaleString("en-US")} nodes`)],
      ...decided.map(({ sort, bySize }) => [sort, ...bySize.map(({ value }) => digits(value))]),
      ["a loop over all nodes", ...(first?.bySize ?? []).map((one) => digits(one.bare ?? 0))],
      ["", ...sizes.map(() => "")],
      ["a change and a decision, µs", ...sizes.map(() => "")],
      ...changed.map(({ change, bySize }) => [change, ...bySize.map((one) => digits(one.microseconds))]),
    ]);
    return { text, json: { decided, changed }, failures: 0 };
  },
};

const sizes = [100, 500, 1_000, 5_000, 10_000];
