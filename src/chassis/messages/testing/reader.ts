import type { Broker, SubscribeOptions } from "../broker.ts";
import type { Message } from "../message.ts";

let arrivalNumber = 0;

/** A copy that remembers what it handled. */
export async function reader(
  broker: Broker,
  options: { readonly subscriber: string; readonly topic?: string },
) {
  const arrivals: { readonly at: number; readonly message: Message }[] = [];
  let heard = Promise.withResolvers<void>();
  const handle: SubscribeOptions["handle"] = async ({ message }) => {
    arrivals.push({ at: ++arrivalNumber, message });
    heard.resolve();
    heard = Promise.withResolvers<void>();
  };
  const subscription = await broker.subscribe({ topic: "orders", handle, ...options });
  return {
    arrivals,
    get messages() {
      return arrivals.map(({ message }) => message);
    },
    next: () => heard.promise,
    async got(count: number) {
      while (arrivals.length < count) await heard.promise;
    },
    numbers: (key: string) =>
      arrivals
        .filter(({ message }) => message.event.partitionkey === key)
        .map(({ message }) => message.event.data),
    close: () => subscription.close(),
  };
}
