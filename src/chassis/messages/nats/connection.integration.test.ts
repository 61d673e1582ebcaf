import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { silentLogger } from "#base";
import { lacksNats, realNats } from "#testing";
import { natsBroker } from "./nats-broker.ts";

test("a broker that is closed while its server is away keeps nobody waiting who subscribes", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const { broker, loseServer } = await open(context);
  await loseServer();
  const subscribed = broker.subscribe({ topic: "orders", subscriber: "shipping", async handle() {} });
  const refused = assert.rejects(subscribed, /the connection to NATS is closed/);
  await broker.close();
  await refused;
});

test("whoever answers is done with it also while the server is away", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const { broker, loseServer } = await open(context);
  context.after(() => broker.close());
  const answering = await broker.answer({
    topic: "numbers",
    type: "half",
    answer: async () => ({ data: 1 }),
  });
  await loseServer();
  await answering.close();
});

async function open(context: TestContext) {
  const nats = await realNats();
  context.after(() => nats.stop());
  const lost = Promise.withResolvers<void>();
  const log = { ...silentLogger, warn: () => lost.resolve() };
  const broker = await natsBroker({ servers: nats.url, log });
  return {
    broker,
    async loseServer() {
      await nats.kill();
      await lost.promise;
    },
  };
}
