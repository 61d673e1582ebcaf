import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { lacksNats, realNats } from "#testing";
import { putAside } from "../dead-letters.ts";
import { composer } from "../message.ts";
import { lettersStream } from "./names.ts";
import { natsBroker } from "./nats-broker.ts";

test("of many letters those are read that are named, and nobody takes another's", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  const hopeless = async (subscriber: string, count: number) => {
    const done = Promise.withResolvers<void>();
    let failed = 0;
    const subscription = await broker.subscribe({
      topic: "orders",
      subscriber,
      async handle() {
        failed += 1;
        if (failed > count) return done.resolve();
        throw putAside("it has no address");
      },
    });
    context.after(() => subscription.close());
    return { done: done.promise };
  };
  const compose = composer({ source: "/test" });
  const say = (count: number) =>
    broker.publish(
      Array.from({ length: count }, (_, data) =>
        compose({ topic: "orders", type: "counted", key: "a", data }),
      ),
    );
  const [shipped, billed] = await Promise.all([hopeless("shipping", 20), hopeless("billing", 1)]);
  await say(21);
  await Promise.all([shipped.done, billed.done]);
  const shipping = broker.deadLetters({ topic: "orders", subscriber: "shipping" });
  const billing = broker.deadLetters({ topic: "orders", subscriber: "billing" });
  const numbers = (await shipping.list()).map(({ number }) => number);
  assert.equal(numbers.length, 20);

  const watch = await connect({ servers: nats.url });
  context.after(() => watch.close());
  let reads = 0;
  watch.subscribe(`$JS.API.DIRECT.GET.${lettersStream}`, {
    callback() {
      reads += 1;
    },
  });
  await watch.flush();
  const [last = "", first = ""] = [numbers.at(-1), numbers.at(0)];
  assert.equal(await shipping.redrive([last]), 1);
  assert.equal(await shipping.discard([first, first, "0", "none", `${last}9`]), 1);
  assert.equal(await billing.discard(numbers), 0);
  await watch.flush();
  assert.equal(reads, 1 + 1 + numbers.length);
  assert.deepEqual(
    (await shipping.list()).map(({ number }) => number),
    numbers.slice(1, -1),
  );
});
