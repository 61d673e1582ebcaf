import type { AggregateDefinition, EventOf } from "@nacre/chassis/data";
import type { Item } from "../catalogue.ts";
import { about, topics } from "../messages.ts";

/** What can happen to an order. All that is kept of one is what has happened to it. */
export interface OrderEvents {
  readonly placed: Placed;
  readonly completed: { readonly customer: string };
  readonly refused: { readonly customer: string; readonly reason: string };
}

export interface Placed {
  readonly customer: string;
  readonly item: Item;
  readonly count: number;
  readonly cents: number;
}

export type Order =
  | { readonly state: "none" }
  | (Placed & { readonly state: "placed" | "completed" | "refused"; readonly reason?: string });

export const order: AggregateDefinition<Order, OrderEvents> = {
  name: "order",
  initial: { state: "none" },
  evolve: {
    placed: (_, placed) => ({ ...placed, state: "placed" }),
    completed: (before) => ({ ...known(before), state: "completed" }),
    refused: (before, { reason }) => ({ ...known(before), state: "refused", reason }),
  },
  announce: ({ type, data }, id) => about(id, topics.facts, `order.${type}`, data as never),
};

type Happened = readonly EventOf<OrderEvents>[];

export function place(placed: Placed): () => Happened {
  return () => [{ type: "placed", data: placed }];
}

/** What was told twice has happened once. */
export function complete(before: Order): Happened {
  const { state, customer } = known(before);
  return state === "placed" ? [{ type: "completed", data: { customer } }] : [];
}

export function refuse(reason: string): (before: Order) => Happened {
  return (before) => {
    const { state, customer } = known(before);
    return state === "placed" ? [{ type: "refused", data: { customer, reason } }] : [];
  };
}

function known(before: Order): Exclude<Order, { readonly state: "none" }> {
  if (before.state === "none") throw new Error("nothing can happen to an order that was not placed");
  return before;
}
