import type { Broker, Subscription } from "../broker.ts";

/** A broker that remembers its subscriptions, so that what a test leaves open can be closed. */
export function remembering(inner: Broker): { readonly broker: Broker; closeAll(): Promise<void> } {
  const opened = new Set<Subscription>();
  return {
    broker: {
      ...inner,
      async subscribe(options) {
        const subscription = await inner.subscribe(options);
        opened.add(subscription);
        return subscription;
      },
      async answer(options) {
        const answering = await inner.answer(options);
        opened.add(answering);
        return answering;
      },
    },
    async closeAll() {
      await Promise.all([...opened].map((subscription) => subscription.close()));
    },
  };
}
