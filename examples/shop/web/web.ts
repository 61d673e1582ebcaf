import { readFile } from "node:fs/promises";
import { answer, client, problem } from "@nacre/chassis";
import { withstand } from "@nacre/chassis/calls";
import { catalogue, items } from "../catalogue.ts";
import { inventoryApi } from "../inventory/api.ts";
import { ordersApi } from "../orders/api.ts";
import { overviewApi } from "../overview/api.ts";
import { part } from "../part.ts";
import { paymentApi } from "../payment/api.ts";
import { webApi } from "./api.ts";

/**
 * The page that customers see. It has no table of its own: it asks the others, and when one of them is away it shows the rest and says so. What is
 * ordered or paid in has a key, so it may be asked for again.
 */
export const web = part({
  name: "web",
  routes: webApi,
  schemas: [],
  async open({ urlOf, context }) {
    const { tracer, metrics } = context;
    const at = (name: string) => ({
      baseUrl: urlOf(name),
      tracer,
      metrics,
      // However many look, nobody is asked twice at once for the same thing, and a part that is away is asked every few seconds.
      policy: withstand({
        name,
        timeoutMs: 5_000,
        breaker: { longestOpenMs: 3_000 },
        equalCalls: "shared",
        ...context,
      }),
    });
    const inventory = client(inventoryApi, at("inventory"));
    const orders = client(ordersApi, at("orders"));
    const overview = client(overviewApi, at("overview"));
    const payment = client(paymentApi, at("payment"));
    const page = await readFile(new URL("page.html", import.meta.url), "utf8");
    return {
      showPage: () => page,
      webShelves: () => inventory.listStock({}, soon(pricesAlone)),
      async webCustomer({ params }) {
        const [seen, account] = await Promise.all([
          overview.listOrders({ params }, soon(nothing)),
          payment.readAccount({ params }, soon(nothing)),
        ]);
        return { ...(seen ? { orders: seen } : {}), ...(account ? { cents: account.cents } : {}) };
      },
      webPlace: async ({ headers, body }) =>
        answer(202, await orders.placeOrder({ headers, body }, insist(later("Orders are not taken")))),
      webDeposit: async ({ params, headers, body }) =>
        answer(201, await payment.deposit({ params, headers, body }, insist(later("Money is not taken")))),
    };
  },
});

/** Who looks waits for so long, whatever is tried meanwhile, and then sees what there is instead. */
function soon<Instead>(fallback: () => Instead) {
  return { timeoutMs: 2_000, fallback };
}

/** Who orders or pays rather waits. */
function insist(fallback: () => never) {
  return { timeoutMs: 15_000, fallback };
}

const nothing = () => undefined;

const pricesAlone = () => items.map((item) => ({ item, cents: catalogue[item].cents }));

function later(what: string): () => never {
  return () => {
    throw problem(503, `${what} just now: ask again, with the same key.`, {
      headers: { "retry-after": "1" },
    });
  };
}
