import { get, post, t } from "@nacre/chassis";
import { items } from "../catalogue.ts";

const order = t.object({
  id: t.string(),
  customer: t.string(),
  item: t.string(),
  count: t.integer(),
  cents: t.integer(),
  state: t.oneOf(["placed", "completed", "refused"]),
  reason: t.optional(t.string()),
});

export const ordersApi = {
  placeOrder: post("/orders", {
    summary: "Places an order. What becomes of it is told later.",
    headers: t.object({ "idempotency-key": t.string({ minLength: 1, maxLength: 255 }) }),
    body: t.object({
      customer: t.string({ minLength: 1, maxLength: 100 }),
      item: t.oneOf(items),
      count: t.integer({ minimum: 1, maximum: 100 }),
    }),
    answers: { 202: t.object({ id: t.string() }) },
  }),
  readOrder: get("/orders/{id}", { answers: { 200: order } }),
};
