import { get, t } from "@nacre/chassis";

/** An order as its customer sees it. */
export const orderSeen = t.object({
  id: t.string(),
  item: t.string(),
  count: t.integer(),
  cents: t.integer(),
  state: t.string(),
});

export const overviewApi = {
  listOrders: get("/overview/{customer}", {
    summary: "A customer's latest orders.",
    answers: { 200: t.array(orderSeen) },
  }),
};
