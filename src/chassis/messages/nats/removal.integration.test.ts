import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { seededRandom, silentLogger, systemClock } from "#base";
import { lacksNats, realNats } from "#testing";
import { putAside } from "../dead-letters.ts";
import { composer } from "../message.ts";
import { again } from "../testing/again.ts";
import { reader } from "../testing/reader.ts";
import { Cells, openBucket } from "./cells.ts";
import { streamOf } from "./names.ts";
import { natsBroker } from "./nats-broker.ts";
import { Removal } from "./removal.ts";

const compose = composer({ source: "/test", random: seededRandom(1) });
const options = { skip: lacksNats() ?? false, timeout: 60_000 };

test(
  "what is handled is removed; what is published when the server was killed after that is handled too",
  options,
  async (context) => {
    const { nats, broker, removeHandled } = await open(context);
    const shipping = await reader(broker, { subscriber: "shipping" });
    const message = (data: number) =>
      compose({ topic: "orders", type: "counted", key: String(data % 7), data });
    await broker.publish(Array.from({ length: 20 }, (_, at) => message(at)));
    await shipping.got(20);
    await removeHandled("orders");
    await nats.kill();
    await nats.start();
    await again(() => broker.publish([20, 21, 22].map(message)));
    await shipping.got(23);
    await shipping.close();
  },
);

test("a letter that was discarded stays so when the server is killed", options, async (context) => {
  const { nats, broker } = await open(context);
  const shipping = { topic: "orders", subscriber: "shipping" };
  const billing = await reader(broker, { subscriber: "billing" });
  const subscription = await broker.subscribe({
    ...shipping,
    async handle() {
      throw putAside("nobody can");
    },
  });
  const letters = broker.deadLetters(shipping);
  await broker.publish([1, 2].map((data) => compose({ topic: "orders", type: "counted", key: "a", data })));
  await billing.got(2);
  let kept = await letters.list();
  for (; kept.length < 2; kept = await letters.list()) await systemClock.sleep(10);
  await letters.discard([kept[0]?.number ?? ""]);
  await nats.kill();
  await nats.start();
  assert.deepEqual(await again(() => letters.list()), kept.slice(1));
  await Promise.all([billing.close(), subscription.close()]);
});

async function open(context: TestContext) {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  return {
    nats,
    broker,
    /** Resolves when nothing is left of the topic but its last message. */
    async removeHandled(topic: string) {
      const connection = await connect({ servers: nats.url });
      const client = jetstream(connection);
      const manager = await client.jetstreamManager(false);
      const cells = new Cells(await openBucket(client, 1), manager);
      const removal = new Removal({ manager, cells, clock: systemClock, log: silentLogger });
      // Copies write down what they have handled a moment later.
      while ((await manager.streams.info(streamOf(topic))).state.messages > 1) {
        await removal.remove(topic);
        await systemClock.sleep(10);
      }
      await connection.close();
    },
  };
}
