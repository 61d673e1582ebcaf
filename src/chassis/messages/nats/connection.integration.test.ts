import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "#base";
import { lacksNats, realNats } from "#testing";
import { natsBroker } from "./nats-broker.ts";

test("a broker that is closed while its server is away keeps nobody waiting who subscribes", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const lost = Promise.withResolvers<void>();
  const log = { ...silentLogger, warn: () => lost.resolve() };
  const broker = await natsBroker({ servers: nats.url, log });
  await nats.kill();
  await lost.promise;
  const subscribed = broker.subscribe({ topic: "orders", subscriber: "shipping", async handle() {} });
  const refused = assert.rejects(subscribed, /the connection to NATS is closed/);
  await broker.close();
  await refused;
});
