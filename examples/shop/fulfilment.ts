import type { Choreography } from "@nacre/chassis/data";
import { topics } from "./messages.ts";

/**
 * What follows on an order. Nobody conducts it: each part hears what happened, and says what it then did. How orders itself comes to say that one is
 * completed or refused is its own affair, and a saga's (`orders/saga.ts`).
 */
export const fulfilment = {
  name: "fulfilment",
  topic: topics.facts,
  begins: ["order.placed"],
  participants: {
    orders: { "order.placed": ["order.completed", "order.refused"] },
    shipping: { "order.completed": ["shipment.sent"] },
    notifications: { "order.refused": [], "shipment.sent": [] },
    overview: { "order.placed": [], "order.completed": [], "order.refused": [], "shipment.sent": [] },
  },
  ends: { "shipment.sent": "completed", "order.refused": "undone" },
} as const satisfies Choreography;
