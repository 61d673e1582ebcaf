import { get, post, t } from "@nacre/chassis";
import { items } from "../catalogue.ts";
import { ordersApi } from "../orders/api.ts";
import { orderSeen } from "../overview/api.ts";
import { paymentApi } from "../payment/api.ts";

/** The page, and what it asks: the routes of other parts under one roof. What is absent from an answer is not known, because its part is away. */
export const webApi = {
  showPage: get("/", { answers: { 200: t.text("text/html; charset=utf-8") } }),
  webShelves: get("/web/shelves", {
    summary: "What is sold, and how much of it there is.",
    answers: {
      200: t.array(
        t.object({ item: t.oneOf(items), cents: t.integer(), available: t.optional(t.integer()) }),
      ),
    },
  }),
  webCustomer: get("/web/customers/{customer}", {
    summary: "A customer's latest orders and money.",
    answers: {
      200: t.object({ orders: t.optional(t.array(orderSeen)), cents: t.optional(t.integer()) }),
    },
  }),
  webPlace: post("/web/orders", ordersApi.placeOrder.shape),
  webDeposit: post("/web/accounts/{customer}/deposits", paymentApi.deposit.shape),
};
