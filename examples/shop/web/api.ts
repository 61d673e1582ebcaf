import { get, post, t } from "@nacre/chassis";
import { inventoryApi } from "../inventory/api.ts";
import { ordersApi } from "../orders/api.ts";
import { overviewApi } from "../overview/api.ts";
import { paymentApi } from "../payment/api.ts";

/** The page, and what it asks: the routes of other parts under one roof. */
export const webApi = {
  showPage: get("/", { answers: { 200: t.text("text/html; charset=utf-8") } }),
  webStock: get("/web/stock", inventoryApi.listStock.shape),
  webOrders: get("/web/orders/{customer}", overviewApi.listOrders.shape),
  webPlace: post("/web/orders", ordersApi.placeOrder.shape),
  webAccount: get("/web/accounts/{customer}", paymentApi.readAccount.shape),
  webDeposit: post("/web/accounts/{customer}/deposits", paymentApi.deposit.shape),
};
