import type { ConsumeOptions, Outbox } from "@nacre/chassis/data";
import { type Broker, composer, type Message, type Subscription } from "@nacre/chassis/messages";

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

/** Does what a message says, each time it is said. */
export function hearCarelessly({
  database,
  broker,
  topic,
  consumer,
  effect,
}: ConsumeOptions): Promise<Subscription> {
  return broker.subscribe({
    topic,
    subscriber: consumer,
    handle: ({ message }) =>
      database.transaction(async (transaction) => {
        await effect(transaction, message);
      }),
  });
}
