import { measureDecisions } from "../decisions/decide.ts";
import type { Row } from "../row.ts";

export const decisions: Row = {
  name: "decisions",
  what: "scheduling decisions alone, 5,000 nodes, per second of CPU",
  unit: "/s",
  better: "more",
  budget: 30_000,
  upstream: "",
  bare: "a loop over all nodes in two arrays: who has room, who is emptiest",
  measure: async () => measureDecisions("basic", 5_000),
};
