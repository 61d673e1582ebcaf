import type { Schema, Transaction } from "@nacre/chassis/data";
import { part } from "../part.ts";
import { overviewApi } from "./api.ts";

const schema: Schema = {
  part: "shop overview",
  steps: [
    `create schema overview;
     create table overview.orders (
       number bigint generated always as identity, id text primary key, customer text not null, item text not null,
       count int not null, cents int not null, state text not null
     );
     create index on overview.orders (customer, number desc)`,
  ],
};

/** A view for reading, made of what the others tell: one table for what would be a question to three services. */
export const overview = part({
  name: "overview",
  routes: overviewApi,
  schemas: [schema],
  async open({ database, react }) {
    await react("overview", {
      "order.placed": (transaction, order, { customer, item, count, cents }) =>
        transaction.query(
          "insert into overview.orders (id, customer, item, count, cents, state) values ($1, $2, $3, $4, $5, 'placed')",
          [order, customer, item, count, cents],
        ),
      "order.completed": (transaction, order) => mark(transaction, order, "completed"),
      "order.refused": (transaction, order, { reason }) => mark(transaction, order, reason),
      "shipment.sent": (transaction, order) => mark(transaction, order, "sent"),
    });
    return {
      async listOrders({ params: { customer } }) {
        const { rows } = await database.query(
          "select id, item, count, cents, state from overview.orders where customer = $1 order by number desc limit 50",
          [customer],
        );
        return rows as { id: string; item: string; count: number; cents: number; state: string }[];
      },
    };
  },
});

function mark(transaction: Transaction, order: string, state: string): Promise<unknown> {
  return transaction.query("update overview.orders set state = $2 where id = $1", [order, state]);
}
