import { get, t } from "@nacre/chassis";
import type { Schema } from "@nacre/chassis/data";
import { about, topics } from "../messages.ts";
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
  async open({ database, outbox, hear, context: { random } }) {
    const box = outbox("/shipping");
    await hear(topics.facts, "shipping", {
      async "order.completed"(transaction, order, { customer }) {
        const parcel = random.uuid();
        await transaction.query("insert into shipping.shipments values ($1, $2)", [order, parcel]);
        await box.add(transaction, about(order, topics.facts, "shipment.sent", { customer, parcel }));
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
