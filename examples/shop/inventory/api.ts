import { get, t } from "@nacre/chassis";
import { items } from "../catalogue.ts";

export const inventoryApi = {
  listStock: get("/stock", {
    summary: "What there is, and what it costs.",
    answers: {
      200: t.array(t.object({ item: t.oneOf(items), cents: t.integer(), available: t.integer() })),
    },
  }),
};
