import { get, t } from "@nacre/chassis";
import type { Schema, Transaction } from "@nacre/chassis/data";
import { part } from "../part.ts";

const schema: Schema = {
  part: "shop notifications",
  steps: [
    `create schema notifications;
     create table notifications.letters (
       id bigint generated always as identity primary key, customer text not null, order_id text not null, text text not null
     )`,
  ],
};

/** Writes to customers what happened to their orders. */
export const notifications = part({
  name: "notifications",
  routes: {
    readLetters: get("/letters/{customer}", {
      answers: { 200: t.array(t.object({ order: t.string(), text: t.string() })) },
    }),
  },
  schemas: [schema],
  async open({ database, react }) {
    await react("notifications", {
      "order.refused": (transaction, order, { customer, reason }) =>
        write(transaction, customer, order, `We are sorry: ${reason}.`),
      "shipment.sent": (transaction, order, { customer, parcel }) =>
        write(transaction, customer, order, `Your parcel ${parcel} is on its way.`),
    });
    return {
      async readLetters({ params: { customer } }) {
        const { rows } = await database.query(
          `select order_id as "order", text from notifications.letters where customer = $1 order by id desc limit 100`,
          [customer],
        );
        return rows as { order: string; text: string }[];
      },
    };
  },
});

function write(transaction: Transaction, customer: string, order: string, text: string): Promise<unknown> {
  return transaction.query(
    "insert into notifications.letters (customer, order_id, text) values ($1, $2, $3)",
    [customer, order, text],
  );
}
