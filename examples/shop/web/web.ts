import { readFile } from "node:fs/promises";
import { answer, client } from "@nacre/chassis";
import { inventoryApi } from "../inventory/api.ts";
import { ordersApi } from "../orders/api.ts";
import { overviewApi } from "../overview/api.ts";
import { part } from "../part.ts";
import { paymentApi } from "../payment/api.ts";
import { webApi } from "./api.ts";

/** The page that customers see. It has no table of its own: it asks the others. */
export const web = part({
  name: "web",
  routes: webApi,
  schemas: [],
  async open({ urlOf, context: { tracer, metrics } }) {
    const at = (part: string) => ({ baseUrl: urlOf(part), tracer, metrics });
    const inventory = client(inventoryApi, at("inventory"));
    const orders = client(ordersApi, at("orders"));
    const overview = client(overviewApi, at("overview"));
    const payment = client(paymentApi, at("payment"));
    const page = await readFile(new URL("page.html", import.meta.url), "utf8");
    return {
      showPage: () => page,
      webStock: () => inventory.listStock(),
      webOrders: ({ params }) => overview.listOrders({ params }),
      webPlace: async ({ headers, body }) => answer(202, await orders.placeOrder({ headers, body })),
      webAccount: ({ params }) => payment.readAccount({ params }),
      webDeposit: async ({ params, headers, body }) =>
        answer(201, await payment.deposit({ params, headers, body })),
    };
  },
});
