import type { SagaDefinition } from "@nacre/chassis/data";
import { type Answers, about, topics } from "../messages.ts";
import type { Placed } from "./order.ts";

export type SagaState = "reserving" | "paying" | "releasing" | "completed" | "refused";

/** What is remembered on the way. */
export interface Undertaking extends Placed {
  readonly reason: string;
}

/**
 * An order is stock and money, or neither. Nothing is undone that was not done: where an answer is late, what it may have said is undone all the
 * same, and inventory knows an order that it has released for good.
 */
export const orderSaga: SagaDefinition<SagaState, Answers, Undertaking> = {
  name: "order",
  initial: "reserving",
  states: {
    reserving: {
      send: ({ item, count }, id) => [about(id, topics.inventory, "stock.reserve", { item, count })],
      on: {
        "stock.reserved": { to: "paying", undoneBy: "releasing" },
        "stock.refused": { to: "refused", keep: because },
        "stock.released": "refused",
        "payment.taken": "refused",
        "payment.refused": "refused",
      },
      timeout: {
        afterMs: 600_000,
        to: "releasing",
        keep: (content) => ({ ...content, reason: "inventory did not answer" }),
      },
    },
    paying: {
      send: ({ customer, cents }, id) => [about(id, topics.payment, "payment.take", { customer, cents })],
      on: {
        "stock.reserved": "ignored",
        "stock.refused": "refused",
        "stock.released": "refused",
        "payment.taken": { to: "completed" },
        "payment.refused": { to: "releasing", keep: because },
      },
      // Money that may have been taken is not guessed about: somebody answers, and be it tomorrow.
      timeout: "never",
    },
    releasing: {
      send: (_, id) => [about(id, topics.inventory, "stock.release", {})],
      on: {
        "stock.reserved": "ignored",
        "stock.refused": "ignored",
        "stock.released": { to: "refused" },
        "payment.taken": "refused",
        "payment.refused": "ignored",
      },
      timeout: "never",
    },
    completed: { final: "completed", send: (_, id) => [about(id, topics.orders, "order.complete", {})] },
    refused: {
      final: "undone",
      send: ({ reason }, id) => [about(id, topics.orders, "order.refuse", { reason })],
    },
  },
};

function because(content: Undertaking, { reason }: { readonly reason: string }): Undertaking {
  return { ...content, reason };
}
