import { get, t } from "@nacre/chassis";
import type { Schema } from "@nacre/chassis/data";
import { part } from "../part.ts";

const schema: Schema = {
  part: "shop shipping",
  steps: [
    "create schema shipping; create table shipping.shipments (order_id text not null, parcel text primary key)",
  ],
};

/** Sends what was paid for. Nobody tells it to: it hears that an order is complete. */
export const shipping = part({
  name: "shipping",
  routes: {
    countShipments: get("/shipments", { answers: { 200: t.object({ count: t.integer() }) } }),
  },
  schemas: [schema],
  async open({ database, react, context: { random } }) {
    await react("shipping", {
      async "order.completed"(transaction, order, { customer }) {
        const parcel = random.uuid();
        await transaction.query("insert into shipping.shipments values ($1, $2)", [order, parcel]);
        return { type: "shipment.sent", data: { customer, parcel } };
      },
    });
    return {
      async countShipments() {
        const { rows } = await database.query("select count(*)::int as count from shipping.shipments");
        return { count: (rows as { count: number }[])[0]?.count ?? 0 };
      },
    };
  },
});
