import type { Item } from "./catalogue.ts";

/** What the parts say to one another. Each message names its order: as key, which keeps the order of what is said of it, and as subject. */

/** Asked of one part, by the saga. */
export interface Commands {
  "stock.reserve": { readonly item: Item; readonly count: number };
  "stock.release": Record<string, never>;
  "payment.take": { readonly customer: string; readonly cents: number };
  "order.complete": Record<string, never>;
  "order.refuse": { readonly reason: string };
}

/** Answered to the saga. */
export interface Answers {
  "stock.reserved": Record<string, never>;
  "stock.refused": { readonly reason: string };
  "stock.released": Record<string, never>;
  "payment.taken": Record<string, never>;
  "payment.refused": { readonly reason: string };
}

/** Told to whoever wants to know. */
export interface Facts {
  "order.placed": {
    readonly customer: string;
    readonly item: Item;
    readonly count: number;
    readonly cents: number;
  };
  "order.completed": { readonly customer: string };
  "order.refused": { readonly customer: string; readonly reason: string };
  "shipment.sent": { readonly customer: string; readonly parcel: string };
}

/** Where commands are given: each topic is obeyed by the part whose name it has. */
export const commandTopics = { orders: "orders", inventory: "inventory", payment: "payment" } as const;

export const topics = {
  ...commandTopics,
  /** Answers to the saga. */
  answers: "answers",
  facts: "facts",
} as const;

/** All that is said. */
export type Messages = Commands & Answers & Facts;

/** A message about one order, as the outbox takes it. */
export function about<Type extends keyof Messages & string>(
  order: string,
  topic: string,
  type: Type,
  data: Messages[Type],
) {
  return { topic, type, key: order, subject: order, data };
}
