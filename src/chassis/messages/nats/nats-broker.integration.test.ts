import { lacksNats, realNats } from "#testing";
import type { Subscription } from "../broker.ts";
import { brokerContract } from "../testing/broker-contract.ts";
import { natsBroker } from "./nats-broker.ts";

brokerContract(
  "the broker on NATS JetStream",
  async () => {
    const nats = await realNats();
    const opened = new Set<Subscription>();
    const inner = natsBroker({ connection: { servers: nats.url } });
    return {
      broker: {
        ...inner,
        async subscribe(options) {
          const subscription = await inner.subscribe(options);
          opened.add(subscription);
          return subscription;
        },
      },
      // Harder than a cut: the server is killed, and comes back.
      async cut() {
        await nats.kill();
        await nats.start();
      },
      async close() {
        await Promise.all([...opened].map((subscription) => subscription.close()));
        await inner.close();
        await nats.stop();
      },
    };
  },
  { skip: lacksNats() },
);
