import { lacksNats, realNats } from "#testing";
import { brokerContract } from "../testing/broker-contract.ts";
import { remembering } from "../testing/remembering.ts";
import { natsBroker } from "./nats-broker.ts";

brokerContract(
  "the broker on NATS",
  async () => {
    const nats = await realNats();
    const inner = await natsBroker({ servers: nats.url });
    const { broker, closeAll } = remembering(inner);
    return {
      broker,
      async cut() {
        await nats.kill();
        await nats.start();
      },
      async close() {
        await closeAll();
        await inner.close();
        await nats.stop();
      },
    };
  },
  { skip: lacksNats() },
);
