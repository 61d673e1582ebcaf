import { memoryBroker } from "./memory-broker.ts";
import { brokerContract } from "./testing/broker-contract.ts";

brokerContract("the broker in memory", async () => ({
  broker: memoryBroker(),
  async cut() {},
  async close() {},
}));
