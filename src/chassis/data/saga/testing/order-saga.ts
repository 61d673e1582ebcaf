import type { Clock } from "#base";
import type { Database, Transaction } from "../../../database/database.ts";
import type { Broker } from "../../../messages/broker.ts";
import type { Message } from "../../../messages/message.ts";
import { consume } from "../../inbox/consume.ts";
import { outbox } from "../../outbox/outbox.ts";
import type { SagaDefinition } from "../definition.ts";
import { orchestrator } from "../orchestrator.ts";

export interface Order {
  readonly customer: string;
  readonly cents: number;
}

export type OrderState = "reserving" | "paying" | "cancelling" | "releasing" | "completed" | "refused";

export interface OrderEvents {
  readonly "stock.reserved": unknown;
  readonly "stock.refused": unknown;
  readonly "stock.released": unknown;
  readonly "payment.made": unknown;
  readonly "payment.refused": unknown;
  readonly "payment.cancelled": unknown;
}

/** An order: stock is reserved, then money is taken; without money the stock is released again. */
export const orderSaga: SagaDefinition<OrderState, OrderEvents, Order> = {
  name: "order",
  initial: "reserving",
  states: {
    reserving: {
      send: () => [{ topic: "stock", type: "reserve", data: {} }],
      on: {
        "stock.reserved": { to: "paying", undoneBy: "releasing" },
        "stock.refused": { to: "refused" },
        "stock.released": "refused",
        "payment.made": "refused",
        "payment.refused": "refused",
        "payment.cancelled": "refused",
      },
      timeout: { afterMs: 60_000, to: "releasing" },
    },
    paying: {
      send: ({ customer, cents }) => [{ topic: "payments", type: "pay", data: { customer, cents } }],
      on: {
        "stock.reserved": "ignored",
        "stock.refused": "refused",
        "stock.released": "refused",
        "payment.made": { to: "completed", undoneBy: "cancelling" },
        "payment.refused": { to: "releasing" },
        "payment.cancelled": "refused",
      },
      timeout: { afterMs: 60_000, to: "cancelling" },
    },
    cancelling: {
      send: ({ customer, cents }) => [{ topic: "payments", type: "cancel", data: { customer, cents } }],
      on: {
        "stock.reserved": "ignored",
        "stock.refused": "refused",
        "stock.released": "refused",
        "payment.made": "ignored",
        "payment.refused": "ignored",
        "payment.cancelled": { to: "releasing" },
      },
      timeout: "never",
    },
    releasing: {
      send: () => [{ topic: "stock", type: "release", data: {} }],
      on: {
        "stock.reserved": "ignored",
        "stock.refused": "ignored",
        "stock.released": { to: "refused" },
        "payment.made": "refused",
        "payment.refused": "ignored",
        "payment.cancelled": "ignored",
      },
      timeout: "never",
    },
    completed: { final: "completed" },
    refused: { final: "undone" },
  },
};

export const shopTables = `
  create table stock (place int primary key, free int not null check (free >= 0));
  create table reservations (id text primary key);
  create table accounts (customer text primary key, cents int not null check (cents >= 0));
  create table payments (id text primary key, cents int not null)`;

/** The services of a shop in one process: orders by saga, stock and payments beside them. */
export async function openShop({
  database,
  broker,
  clock,
}: {
  database: Database;
  broker: Broker;
  clock: Clock;
}) {
  const sender = outbox({ source: "/shop", clock });
  const orders = orchestrator({ definition: orderSaga, database, outbox: sender, clock });
  const answer = (transaction: Transaction, id: string, type: keyof OrderEvents) =>
    sender.add(transaction, { topic: "answers", type, key: id, subject: id, data: {} });

  const stock = async (transaction: Transaction, { event }: Message) => {
    const id = String(event.subject);
    if (event.type === "release") {
      const held = await transaction.query("delete from reservations where id = $1 returning id", [id]);
      if (held.rows.length > 0) await transaction.query("update stock set free = free + 1");
      return answer(transaction, id, "stock.released");
    }
    const taken = await transaction.query("update stock set free = free - 1 where free > 0 returning free");
    if (taken.rows.length === 0) return answer(transaction, id, "stock.refused");
    await transaction.query("insert into reservations values ($1)", [id]);
    return answer(transaction, id, "stock.reserved");
  };

  const payments = async (transaction: Transaction, { event }: Message) => {
    const id = String(event.subject);
    const { customer, cents } = event.data as Order;
    if (event.type === "cancel") {
      const paid = await transaction.query("delete from payments where id = $1 returning cents", [id]);
      if (paid.rows.length > 0)
        await transaction.query("update accounts set cents = cents + $2 where customer = $1", [
          customer,
          cents,
        ]);
      return answer(transaction, id, "payment.cancelled");
    }
    // A bank that says nothing.
    if (customer === "silent") return;
    const taken = await transaction.query(
      "update accounts set cents = cents - $2 where customer = $1 and cents >= $2 returning cents",
      [customer, cents],
    );
    if (taken.rows.length === 0) return answer(transaction, id, "payment.refused");
    await transaction.query("insert into payments values ($1, $2)", [id, cents]);
    return answer(transaction, id, "payment.made");
  };

  const subscriptions = [
    await orders.listen(broker, "answers"),
    await consume({ database, broker, topic: "stock", consumer: "stock", effect: stock, clock }),
    await consume({ database, broker, topic: "payments", consumer: "payments", effect: payments, clock }),
  ];
  return {
    orders,
    place: (id: string, content: Order) =>
      database.transaction((transaction) => orders.start(transaction, { id, content })),
    async close() {
      for (const subscription of subscriptions) await subscription.close();
    },
  };
}

/** All that must agree: what became of orders, stock, reservations and money. */
export async function booksOf(database: Database) {
  const rows = async (statement: string) => (await database.query(statement)).rows;
  return {
    orders: await rows("select id, state from chassis.sagas order by id"),
    stock: await rows("select free from stock"),
    reserved: await rows("select id from reservations order by id"),
    accounts: await rows("select customer, cents from accounts order by customer"),
    payments: await rows("select id, cents from payments order by id"),
  };
}
