import assert from "node:assert/strict";
import { test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { lacksNats, realNats } from "#testing";
import { putAside } from "../dead-letters.ts";
import { composer } from "../message.ts";
import { lettersStream, streamOf } from "./names.ts";
import { natsBroker } from "./nats-broker.ts";

test("streams that their operator has bounded are taken as they are: of topics, and of dead letters", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  const of = { topic: "orders", subscriber: "shipping" };
  const refusing = async () => {
    const [done, subscription] = await refuse();
    await broker.publish([composer({ source: "/test" })({ topic: of.topic, type: "counted", data: 1 })]);
    await done;
    await subscription.close();
  };
  async function refuse() {
    const done = Promise.withResolvers<void>();
    const subscription = await broker.subscribe({
      ...of,
      async handle() {
        done.resolve();
        throw putAside("it counts for nothing");
      },
    });
    return [done.promise, subscription] as const;
  }
  await refusing();
  const operator = await connect({ servers: nats.url });
  context.after(() => operator.close());
  const { streams } = await jetstreamManager(operator);
  for (const name of [streamOf(of.topic), lettersStream])
    await streams.update(name, { ...(await streams.info(name)).config, max_bytes: 10_000_000 });
  await refusing();
  assert.equal((await broker.deadLetters(of).list()).length, 2);
});
