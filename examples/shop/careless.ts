import type { Random } from "@nacre/chassis";
import type { Outbox } from "@nacre/chassis/data";
import { type Broker, composer, type Message } from "@nacre/chassis/messages";

/*
 * What one writes when one does not know better. The shop takes it only when it is told to, to show what becomes of the books.
 */

/** Publishes beside the transaction: it may be committed and nothing said, or nothing committed and all said. */
export function tellCarelessly(source: string, broker: Broker): Outbox {
  const compose = composer({ source });
  const publish = (messages: readonly Message[]) => void broker.publish(messages).catch(() => {});
  return {
    async add(_, ...drafts) {
      const messages = drafts.map(compose);
      publish(messages);
      return messages;
    },
    async forward(_, ...messages) {
      publish(messages);
    },
  };
}

/** Takes each message for one that was never heard before, so that it is done each time it is said. */
export function hearCarelessly(broker: Broker, random: Random): Broker {
  return {
    ...broker,
    subscribe: ({ handle, ...subscription }) =>
      broker.subscribe({
        ...subscription,
        handle: ({ message, ...delivery }) =>
          handle({ ...delivery, message: { ...message, event: { ...message.event, id: random.uuid() } } }),
      }),
  };
}
