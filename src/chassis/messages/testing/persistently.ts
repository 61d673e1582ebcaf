import type { Broker } from "../broker.ts";
import type { Message } from "../message.ts";

/** Publishes until it is acknowledged, as a relay does. Brokers that are away have waited themselves when they refuse. */
export async function persistently(broker: Broker, messages: readonly Message[]): Promise<void> {
  for (;;) {
    try {
      return await broker.publish(messages);
    } catch {
      await new Promise(setImmediate);
    }
  }
}
